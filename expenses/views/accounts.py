"""Accounts over HTTP."""

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import Conflict, Listed, Retrieved
from expenses.models import Account
from expenses.serializers import AccountSerializer
from expenses.services import accounts


class AccountViewSet(Listed, Retrieved):
    """Accounts."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        account = accounts.open_account(by=self.user, fields=body.validated_data)
        return self.answer(account, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            body = self.get_serializer(account, data=request.data, partial=True)
            body.is_valid(raise_exception=True)
            return self.answer(accounts.edit_account(by=self.user, account=account, fields=body.validated_data))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            try:
                accounts.delete_account(by=self.user, account=account)
            except ProtectedError:
                raise Conflict(f"Transactions lie in “{account}”; move or delete them first.", code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)
