"""Signing in and out, and the person's own page."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from knox import views as knox
from rest_framework import generics, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import TokenAuthentication, person
from accounts.erasing import erase_user
from accounts.models import User
from accounts.serializers import (
    EraseInput,
    LoginSerializer,
    RegisterSerializer,
    SignedInSerializer,
    UserSerializer,
    name_of_program,
)
from accounts.services import register_user, sign_in


class RegisterView(generics.GenericAPIView[User]):
    """Create an account; the answer holds its first token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = RegisterSerializer
    rates = {"post": "register"}

    @extend_schema(operation_id="auth_register", responses={201: SignedInSerializer})
    def post(self, request: Request) -> Response:
        if not settings.REGISTRATION_OPEN:
            raise PermissionDenied("Registration is closed on this server.", code="registration_closed")
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        signed_in = register_user(**body.validated_data, name=name_of_program(request))
        return Response(SignedInSerializer(signed_in).data, status=status.HTTP_201_CREATED)


class LoginView(generics.GenericAPIView[User]):
    """Get one more token, for one more device."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = LoginSerializer
    rates = {"post": "login"}

    @extend_schema(operation_id="auth_login", responses={200: SignedInSerializer})
    def post(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(SignedInSerializer(sign_in(**body.validated_data)).data)


class LogoutView(knox.LogoutView):  # type: ignore[misc]
    """Forget the token that this request came with."""

    authentication_classes = (TokenAuthentication,)
    is_open_to_read_tokens = True

    @extend_schema(operation_id="auth_logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        return super().post(request)  # type: ignore[no-any-return]


class LogoutAllView(knox.LogoutAllView):  # type: ignore[misc]
    """Forget every token of this person."""

    authentication_classes = (TokenAuthentication,)

    @extend_schema(operation_id="auth_logoutall", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        return super().post(request)  # type: ignore[no-any-return]


class MeView(generics.RetrieveUpdateAPIView[User]):
    """The signed-in person and their preferences."""

    serializer_class = UserSerializer
    http_method_names = ["get", "patch", "delete", "head", "options"]
    rates = {"delete": "erase"}
    body_of_delete = EraseInput

    def get_object(self) -> User:
        return person(self.request)

    @extend_schema(operation_id="users_me_destroy", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete your account, everything in your ledger, and your files. Send your password."""
        EraseInput(data=request.data, context=self.get_serializer_context()).is_valid(raise_exception=True)
        erase_user(user=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
