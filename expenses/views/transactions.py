"""Views of transactions and their parts."""

from contextlib import nullcontext
from typing import Any

from django.db.models import prefetch_related_objects
from django.template.defaultfilters import pluralize
from django.utils.functional import SimpleLazyObject
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services.refusal_log import log_refusal
from expenses.models import Run, Transaction
from expenses.serializers.bulk import BulkEditInput, BulkSelection
from expenses.serializers.bulk_recording import BulkAnswer, BulkInput, record_bulk
from expenses.serializers.filters import TransactionFilter
from expenses.serializers.history import HistorySerializer, history_of
from expenses.serializers.runs import RunSerializer
from expenses.serializers.transaction_input import SplitBody, SplitInput, TransactionInput
from expenses.serializers.transactions import ExplanationSerializer, TransactionBody
from expenses.services import transactions
from expenses.services.bulk_runs import order_run
from expenses.services.deletion import delete_transaction, restore_transaction
from expenses.services.runs import begin_run
from expenses.services.split_parts import UnequalParts
from expenses.services.splits import Split, split_of, split_transaction, unsplit_transaction
from expenses.views.base import ListViewSet, RetrieveViewSet, etag_of

#: Actions that find transactions in the bin.
FINDS_DELETED = {"restore", "history", "deleted"}


class TransactionViewSet(ListViewSet, RetrieveViewSet):
    """Transactions of every kind."""

    queryset = Transaction.objects.with_related()
    serializer_class = TransactionBody
    filterset_class = TransactionFilter
    #: What an admin may do in the ledger of `as_user`: what the edit window closes to others, and taking that back.
    open_to_admins = frozenset(
        {"update", "partial_update", "destroy", "restore", "split_anew", "unsplit", "edit_many", "delete_many"}
    )
    #: The kind of all transactions at the address.
    kind: str | None = None

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        if self.action in FINDS_DELETED:
            rows = Transaction.everything.with_related().for_user(self.user)
        if self.action == "deleted":
            rows = rows.in_bin()
        if self.action == "explanation":
            rows = rows.defer(None)
        return rows.filter(kind=self.kind) if self.kind else rows

    @extend_schema(responses=TransactionBody(many=True))
    @action(detail=False)
    def deleted(self, request: Request) -> Response:
        """List transactions in the bin. All filters of the list work here, too."""
        return self.list(request)

    @extend_schema(request=TransactionInput, responses={201: TransactionBody, 200: TransactionBody})
    def create(self, request: Request) -> Response:
        """Record a transaction. Without a `category`, the chain looks for one."""
        body = self.checked(TransactionInput, kind=self.kind)
        recorded = transactions.record_transaction(by=self.user, draft=body.draft(), catalog=self.catalog)
        code = status.HTTP_201_CREATED if recorded.is_new else status.HTTP_200_OK
        return self.answer(recorded.transaction, code=code)

    @extend_schema(request=TransactionInput, responses=TransactionBody)
    def update(self, request: Request, pk: int) -> Response:
        return self._edit()

    @extend_schema(request=TransactionInput, responses=TransactionBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        return self._edit()

    def destroy(self, request: Request, pk: int) -> Response:
        """Put a transaction into the bin. It can be restored for 30 days."""
        with self.guarded() as row:
            delete_transaction(by=self.user, transaction=row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ExplanationSerializer)
    @action(detail=True)
    def explanation(self, request: Request, pk: int) -> Response:
        """Explain a transaction's category. The answer has every link that was asked, its answer and its confidence."""
        return Response(ExplanationSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=TransactionBody)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Confirm a transaction's category. The machine's answer or suggestion counts as your own then."""
        with self.guarded() as row:
            return self.answer(transactions.confirm_transaction(by=self.user, transaction=row))

    @extend_schema(request=None, responses=TransactionBody)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: int) -> Response:
        """Restore a transaction from the bin."""
        with self.guarded() as row:
            return self.answer(restore_transaction(by=self.user, transaction=row))

    @extend_schema(responses=HistorySerializer)
    @action(detail=True)
    def history(self, request: Request, pk: int) -> Response:
        """List a transaction's changes. Each has its author; the newest come first."""
        return Response(HistorySerializer({"results": history_of(self.get_object())}).data)

    @extend_schema(responses=SplitBody)
    @action(detail=True)
    def split(self, request: Request, pk: int) -> Response:
        """Get a transaction with its parts."""
        return self._answer_split(split_of(self.get_object()))

    @extend_schema(request=SplitInput, responses=SplitBody)
    @split.mapping.put
    def split_anew(self, request: Request, pk: int) -> Response:
        """Split a transaction into parts. They replace earlier parts."""
        with self.guarded() as row:
            parts = SimpleLazyObject(lambda: split_of(row).parts)
            body = self.checked(SplitInput, whole=row, parts=parts)
            try:
                made = split_transaction(by=self.user, transaction=row, parts=body.drafts(), catalog=self.catalog)
            except UnequalParts as error:
                raise serializers.ValidationError({"parts": str(error)}, code="wrong_sum") from None
            return self._answer_split(made)

    @extend_schema(responses={200: TransactionBody})
    @split.mapping.delete
    def unsplit(self, request: Request, pk: int) -> Response:
        """Undo a transaction's split. The parts are deleted, and the transaction has its earlier category again."""
        with self.guarded() as row:
            return self.answer(unsplit_transaction(by=self.user, transaction=row))

    def _answer_split(self, split: Split) -> Response:
        prefetch_related_objects(split.parts, "tags")
        return Response(SplitBody(split).data, headers={"ETag": etag_of(split.parent)})

    def _edit(self) -> Response:
        with self.guarded() as row:
            body = self.checked(TransactionInput, row, kind=self.kind)
            tags = body.validated_data.get("tags")
            changes = body.changes()
            return self.answer(transactions.edit_transaction(by=self.user, transaction=row, changes=changes, tags=tags))


class AllTransactionsViewSet(TransactionViewSet):
    """Transactions of every kind, and requests that write many at once."""

    rates = {"bulk": "bulk"}
    bodies_of_delete = {"delete_many": BulkSelection}

    @extend_schema(request=BulkInput, responses=BulkAnswer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Record many transactions. Send up to 1,000. An error in one does not stop the others.

        `on_conflict` decides about rows with a known `external_id`. With `update` they take over the fields that are
        sent. With `skip` they stay, and `differences` names the fields that differ.
        """
        order = self.checked(BulkInput).validated_data
        rows, on_conflict = order["transactions"], order["on_conflict"]
        with self.locked() if on_conflict == "update" else nullcontext():
            context = self.get_serializer_context()
            body = record_bulk(by=self.user, rows=rows, on_conflict=on_conflict, context=context)
        if n := len(body["errors"]):
            log_refusal(
                f"{n} row{pluralize(n)} of {request.method} {request.path}",
                rows=n,
                method=request.method,
                path=request.path,
                status=status.HTTP_200_OK,
                user_id=self.user.pk,
                codes=[error["code"] for row in body["errors"] for error in row["errors"]],
            )
        return Response(body)

    @extend_schema(request=BulkEditInput, responses={202: RunSerializer})
    @bulk.mapping.patch
    def edit_many(self, request: Request) -> Response:
        """Change many transactions.

        All change in the same way, as a run that can be reverted. Rows that cannot change stay as they are.
        """
        order = self.checked(BulkEditInput)
        return _begun(order_run("bulk_edit", by=self.user, rows=order.validated_data["rows"], changes=order.changes()))

    @extend_schema(responses={202: RunSerializer})
    @bulk.mapping.delete
    def delete_many(self, request: Request) -> Response:
        """Put many transactions into the bin.

        This is a run that can be reverted. The body selects them by `ids` or `filter`.
        """
        return _begun(order_run("bulk_delete", by=self.user, rows=self.checked(BulkSelection).validated_data["rows"]))


def _begun(run: Run) -> Response:
    return Response(RunSerializer(begin_run(run)).data, status=status.HTTP_202_ACCEPTED)


class ExpenseViewSet(TransactionViewSet):
    """Money out."""

    kind = "expense"
    noun = "expense"


class IncomeViewSet(TransactionViewSet):
    """Money earned."""

    kind = "income"
    noun = "income"
