"""Views of transfers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transfer, TransferStatus
from expenses.serializers.transfers import TransferBody, TransferInput
from expenses.services import transfers
from expenses.views.base import ListViewSet, RetrieveViewSet


class TransferViewSet(ListViewSet, RetrieveViewSet):
    """Pairs of transactions that move money between your accounts; the newest first."""

    queryset = Transfer.objects.with_rows()
    serializer_class = TransferBody
    filterset_fields = ("status",)

    def get_queryset(self) -> Any:
        """List suggestions only if the request asks for them."""
        pairs = super().get_queryset()
        if self.action != "list":
            return pairs
        asks_for_suggestions = self.request.query_params.get("status") == TransferStatus.SUGGESTED
        return pairs.suggested() if asks_for_suggestions else pairs.stated()

    @extend_schema(request=TransferInput, responses={201: TransferBody})
    def create(self, request: Request) -> Response:
        """Create a transfer. Record both halves of a movement, or pair two existing transactions."""
        with self.locked():
            body = self.checked(TransferInput)
            fields = body.validated_data
            if body.is_of_existing(fields):
                pair = {name: fields[name] for name in ("outgoing", "incoming")}
                recorded = transfers.pair_transactions(by=self.user, **pair)
            else:
                outgoing, incoming = body.drafts()
                recorded = transfers.record_transfer(
                    by=self.user, outgoing=outgoing, incoming=incoming, catalog=self.catalog
                )
            return self.answer(recorded, code=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a transfer. The two transactions stay as they were before."""
        with self.guarded() as pair:
            transfers.delete_transfer(by=self.user, transfer=pair)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=TransferBody)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Confirm a transfer. A pair that was found or suggested counts as your own then."""
        with self.guarded() as pair:
            return self.answer(transfers.confirm_transfer(by=self.user, transfer=pair))

    @extend_schema(request=None, responses=TransferBody)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: int) -> Response:
        """Reject a transfer. Both transactions are as before, and they are never paired again."""
        with self.guarded() as pair:
            return self.answer(transfers.reject_transfer(by=self.user, transfer=pair))
