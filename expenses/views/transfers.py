"""Transfers over HTTP."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transfer
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.transfers import TransferBody, TransferInput
from expenses.services import transfers
from expenses.services.ledger_lock import lock_ledger
from expenses.views.base import ListViewSet, RetrieveViewSet


class TransferViewSet(ListViewSet, RetrieveViewSet):
    """Pairs of transactions that move money between your accounts; the newest first."""

    queryset = Transfer.objects.with_rows()
    serializer_class = TransferBody
    filterset_fields = ("status",)

    @extend_schema(request=TransferInput, responses={201: TransferBody})
    def create(self, request: Request) -> Response:
        """Record both halves of a movement, or pair two transactions that are there."""
        with transaction.atomic():
            lock_ledger(ledger_id_of(self.user))  # what is checked here is what is paired
            body = TransferInput(data=request.data, context=self.get_serializer_context())
            body.is_valid(raise_exception=True)
            return self.answer(self._write(body), code=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Take the pair apart and forget it; the two transactions stay, as they were before."""
        with self.guarded() as pair:
            transfers.delete_transfer(by=self.user, transfer=pair)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=TransferBody)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Say that a pair that was found is right."""
        with self.guarded() as pair:
            return self.answer(transfers.confirm_transfer(by=self.user, transfer=pair))

    @extend_schema(request=None, responses=TransferBody)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: int) -> Response:
        """Say that the two are no transfer: they stand as before, and no machine pairs them again."""
        with self.guarded() as pair:
            return self.answer(transfers.reject_transfer(by=self.user, transfer=pair))

    def _write(self, body: TransferInput) -> Transfer:
        fields = body.validated_data
        if body.is_of_existing(fields):
            pair = {name: fields[name] for name in ("outgoing", "incoming")}
            return transfers.pair_transactions(by=self.user, **pair)
        outgoing, incoming = body.drafts()
        return transfers.record_transfer(by=self.user, outgoing=outgoing, incoming=incoming, catalog=self.catalog)
