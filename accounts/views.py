"""Registration, sign-in and sign-out, the user's tokens, and the user's own account."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_view
from knox import views as knox
from rest_framework import generics, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.access import TokenAuthentication, signed_in_user
from accounts.models import Token, User
from accounts.serializers import (
    EraseInput,
    LoginSerializer,
    NewTokenInput,
    NewTokenSerializer,
    PasswordInput,
    RegisterSerializer,
    SignedInSerializer,
    TokenSerializer,
    UserSerializer,
    name_of_client,
)
from accounts.services.tokens import issue_token
from accounts.services.users import change_password, delete_account, edit_user, register_user, sign_in
from accounts.strict_view import StrictView


class RegisterView(StrictView, generics.GenericAPIView[User]):
    """Register a new user. The answer holds a first token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = RegisterSerializer
    rates = {"post": "register"}
    error_codes = {"post": ("403", "409")}

    @extend_schema(operation_id="auth_register", responses={201: SignedInSerializer})
    def post(self, request: Request) -> Response:
        if not settings.REGISTRATION_OPEN:
            raise PermissionDenied("Registration is closed on this server.", code="registration_closed")
        body = self.checked(RegisterSerializer)
        signed_in = register_user(**body.validated_data, name=name_of_client(request))
        return Response(SignedInSerializer(signed_in).data, status=status.HTTP_201_CREATED)


class LoginView(StrictView, generics.GenericAPIView[User]):
    """Sign in. The answer holds one more token, for one more device."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = LoginSerializer
    rates = {"post": "login"}

    @extend_schema(operation_id="auth_login", responses={200: SignedInSerializer})
    def post(self, request: Request) -> Response:
        body = self.checked(LoginSerializer)
        return Response(SignedInSerializer(sign_in(**body.validated_data)).data)


@extend_schema_view(post=extend_schema(operation_id="auth_logout", request=None, responses={204: None}))
class LogoutView(StrictView, knox.LogoutView):  # type: ignore[misc]
    """Sign out. The token that this request came with is deleted."""

    authentication_classes = (TokenAuthentication,)
    is_open_to_read_tokens = True


@extend_schema_view(post=extend_schema(operation_id="auth_logoutall", request=None, responses={204: None}))
class LogoutAllView(StrictView, knox.LogoutAllView):  # type: ignore[misc]
    """Sign out everywhere. Every token of this user is deleted."""

    authentication_classes = (TokenAuthentication,)


class OwnTokensView(StrictView, generics.GenericAPIView[Token]):
    """The user's own tokens that have not expired."""

    serializer_class = TokenSerializer
    queryset = Token.objects.all()
    filter_backends = ()

    def get_queryset(self) -> Any:
        return Token.objects.for_user(signed_in_user(self.request))


class TokensView(OwnTokensView):
    """Every device and program that is signed in."""

    rates = {"post": "tokens"}

    @extend_schema(operation_id="auth_tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your tokens. They are in order, the newest first, without those that have expired."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="auth_tokens_create", request=NewTokenInput, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Create a token for a program. The answer shows it once."""
        body = self.checked(NewTokenInput)
        days = body.validated_data.pop("expires_in_days", None)
        expires_in = timedelta(days=days) if days else None
        token, secret = issue_token(user=signed_in_user(request), expires_in=expires_in, **body.validated_data)
        context = {"request": request, "secret": secret}
        return Response(NewTokenSerializer(token, context=context).data, status=status.HTTP_201_CREATED)


class TokenView(OwnTokensView):
    """One token."""

    @extend_schema(operation_id="auth_tokens_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a token. The next request with it is refused."""
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    get=extend_schema(summary="Get your user and preferences"),
    patch=extend_schema(summary="Change your user or preferences"),
)
class MeView(StrictView, generics.RetrieveUpdateAPIView[User]):
    """The signed-in user and their preferences."""

    serializer_class = UserSerializer
    http_method_names = ["get", "patch", "delete", "head", "options"]
    rates = {"delete": "erase"}
    error_codes = {"delete": ("409",)}
    bodies_of_delete = {"delete": EraseInput}

    def get_object(self) -> User:
        return signed_in_user(self.request)

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        serializer.instance = edit_user(user=signed_in_user(self.request), fields=serializer.validated_data)

    @extend_schema(operation_id="users_me_destroy", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete your user. Everything in your ledger and your files are deleted, too. Send your password."""
        self.checked(EraseInput)
        delete_account(user=signed_in_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(StrictView):
    """The password of the signed-in user."""

    rates = {"post": "login"}

    @extend_schema(operation_id="users_me_password", request=PasswordInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change your password. All other tokens are revoked at once; the one of this request stays."""
        password = self.checked(PasswordInput).validated_data["new_password"]
        assert isinstance(request.auth, Token)  # noqa: S101 - IsAuthenticated has checked it
        change_password(user=signed_in_user(request), password=password, keeps=request.auth)
        return Response(status=status.HTTP_204_NO_CONTENT)
