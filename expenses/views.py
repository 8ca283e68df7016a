"""The ledger over HTTP."""

from typing import Any

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import Conflict, LedgerViewSet
from expenses.bodies import ExplanationSerializer, TransactionBody, describe_decision
from expenses.bulk import BulkAnswer, BulkInput, record_bulk
from expenses.filters import TransactionFilter
from expenses.inputs import TransactionInput
from expenses.models import Account, Category, Run, Transaction
from expenses.serializers import AccountSerializer, CategorySerializer, RevertedSerializer, RunSerializer
from expenses.services import accounts, categories, transactions
from expenses.services.reverting import revert_run


class AccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Accounts."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        account = accounts.open_account(by=self.user, fields=body.validated_data)
        return Response(self.get_serializer(account).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        account = self.get_object()
        body = self.get_serializer(account, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        account = accounts.edit_account(by=self.user, account=account, fields=body.validated_data)
        return Response(self.get_serializer(account).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        account = self.get_object()
        try:
            accounts.delete_account(by=self.user, account=account)
        except ProtectedError:
            raise Conflict(f"Transactions lie in “{account}”; move or delete them first.", code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)


class CategoryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Categories: the system's and your own."""

    queryset = Category.objects.select_related("parent")
    serializer_class = CategorySerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        category = categories.create_category(by=self.user, fields=body.validated_data)
        return Response(self.get_serializer(category).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        category = self._own()
        body = self.get_serializer(category, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        category = categories.edit_category(by=self.user, category=category, fields=body.validated_data)
        return Response(self.get_serializer(category).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        category = self._own()
        try:
            categories.delete_category(by=self.user, category=category)
        except ProtectedError:
            detail = f"“{category}” is in use; give its transactions and the categories below it another one first."
            raise Conflict(detail, code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _own(self) -> Category:
        category: Category = self.get_object()
        if category.ledger_id is None:
            raise PermissionDenied("A category of the system cannot be changed.", code="system_category")
        return category


class TransactionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Transactions of every kind."""

    queryset = Transaction.objects.with_related()
    serializer_class = TransactionBody
    filterset_class = TransactionFilter
    #: The kind that the address fixes.
    kind: str | None = None

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.filter(kind=self.kind) if self.kind else rows

    @extend_schema(request=TransactionInput, responses={201: TransactionBody, 200: TransactionBody})
    def create(self, request: Request) -> Response:
        body = self._input(data=request.data)
        recorded = transactions.record_transaction(by=self.user, draft=body.draft(), catalog=self.catalog)
        code = status.HTTP_201_CREATED if recorded.is_new else status.HTTP_200_OK
        return Response(TransactionBody(recorded.transaction).data, status=code)

    @extend_schema(request=TransactionInput, responses=TransactionBody)
    def update(self, request: Request, pk: int) -> Response:
        return self._edit(self._input(self.get_object(), data=request.data))

    @extend_schema(request=TransactionInput, responses=TransactionBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        return self._edit(self._input(self.get_object(), data=request.data, partial=True))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        transactions.delete_transaction(by=self.user, transaction=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ExplanationSerializer)
    @action(detail=True)
    def explanation(self, request: Request, pk: int) -> Response:
        """Why this category: every link that was asked, what it said and how sure it was."""
        return Response(describe_decision(self.get_object()))

    @extend_schema(request=None, responses=TransactionBody)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Say that the machine's answer or suggestion is right."""
        row = transactions.confirm_transaction(by=self.user, transaction=self.get_object())
        return Response(TransactionBody(row).data)

    def _input(self, instance: Transaction | None = None, **kwargs: Any) -> TransactionInput:
        context = self.get_serializer_context() | {"kind": self.kind}
        body = TransactionInput(instance, context=context, **kwargs)
        body.is_valid(raise_exception=True)
        return body

    def _edit(self, body: TransactionInput) -> Response:
        assert body.instance is not None  # noqa: S101 - said to the type checker; both callers give one
        tags = body.validated_data.get("tags")
        row = transactions.edit_transaction(by=self.user, transaction=body.instance, changes=body.changes(), tags=tags)
        return Response(TransactionBody(row).data)


class AllTransactionsViewSet(TransactionViewSet):
    """Transactions of every kind, and writing many at once."""

    @extend_schema(request=BulkInput, responses=BulkAnswer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Record up to 1,000; what is wrong with one does not stop the others."""
        rows = BulkInput.rows_of(request.data)
        return Response(record_bulk(by=self.user, rows=rows, context=self.get_serializer_context()))


class ExpenseViewSet(TransactionViewSet):
    """Money out."""

    kind = "expense"


class IncomeViewSet(TransactionViewSet):
    """Money earned."""

    kind = "income"


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """What writes many rows by machine, and how far it is."""

    queryset = Run.objects.all()
    serializer_class = RunSerializer

    @extend_schema(request=None, responses=RevertedSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, pk: int) -> Response:
        """Take back what the run recorded; what you changed or confirmed since stays, and is named."""
        reverted = revert_run(by=self.user, run=self.get_object())
        context = self.get_serializer_context() | {"kept": reverted.kept}
        return Response(RevertedSerializer(reverted.run, context=context).data)
