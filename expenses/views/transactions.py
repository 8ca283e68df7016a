"""Transactions over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import LedgerViewSet
from expenses.bodies import ExplanationSerializer, TransactionBody, describe_decision
from expenses.bulk import BulkAnswer, BulkInput, record_bulk
from expenses.filters import TransactionFilter
from expenses.inputs import TransactionInput
from expenses.models import Transaction
from expenses.services import transactions


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
