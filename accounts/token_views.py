"""A person's tokens: what is signed in, one more, one less."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import person
from accounts.models import Token
from accounts.serializers import NewTokenInput, NewTokenSerializer, TokenSerializer
from accounts.tokens import issue_token, revoke_token


class _OwnTokens(generics.GenericAPIView[Token]):
    serializer_class = TokenSerializer
    queryset = Token.objects.all()
    filter_backends = ()

    def get_queryset(self) -> Any:
        return Token.objects.for_user(person(self.request))


class TokensView(_OwnTokens):
    """Every device and program that is signed in."""

    rates = {"post": "tokens"}

    @extend_schema(operation_id="auth_tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the tokens that open something, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="auth_tokens_create", request=NewTokenInput, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token for a program; the answer shows it once."""
        body = NewTokenInput(data=request.data)
        body.is_valid(raise_exception=True)
        days = body.validated_data.pop("expires_in_days", None)
        lasts = timedelta(days=days) if days else None
        token, secret = issue_token(user=person(request), expires_in=lasts, **body.validated_data)
        context = {"request": request, "secret": secret}
        return Response(NewTokenSerializer(token, context=context).data, status=status.HTTP_201_CREATED)


class TokenView(_OwnTokens):
    """One of them."""

    @extend_schema(operation_id="auth_tokens_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it back: from the next request on, nobody gets in with it."""
        revoke_token(token=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
