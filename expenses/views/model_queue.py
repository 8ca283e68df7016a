"""Views of the rows that await the model."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.serializers.model_queue import QueueSerializer, QueueStateSerializer, WaitingRowSerializer
from expenses.services.model_queue import read_queue, retry_now, waiting_rows
from expenses.views.base import LedgerView, LedgerViewSet


class ModelQueueView(LedgerViewSet):
    """The rows that await the model."""

    queryset = Transaction.objects.all()
    serializer_class = WaitingRowSerializer
    filter_backends = ()

    @extend_schema(operation_id="categorization_queue", responses=QueueSerializer)
    def list(self, request: Request) -> Response:
        """List what awaits the model. Each row has the reason why it waits."""
        ledger_id = ledger_id_of(self.user)
        rows = waiting_rows(ledger_id).select_related("model_miss")
        fields = ("date", "description", "created_at", "model_miss")
        page: Any = self.paginate_queryset(rows.only(*fields))
        answer = self.get_paginated_response(page)
        queue = read_queue(ledger_id=ledger_id, waiting=answer.data["count"])
        context = self.get_serializer_context() | {"reason": queue.reason}
        shown = WaitingRowSerializer(page, many=True, context=context).data
        answer.data = {**QueueStateSerializer(queue).data, **answer.data, "results": shown}
        return answer

    def list_key(self) -> tuple[Any, ...]:
        """Return a key of the list's length: the ledger, its version and the address."""
        ledger = membership_of(self.user).ledger
        return ledger.pk, ledger.version, self.request.path


class ModelRetryView(LedgerView):
    """The next try of the queue, now."""

    rates = {"post": "model_retry"}

    @extend_schema(operation_id="categorization_queue_retry", request=None, responses={202: QueueStateSerializer})
    def post(self, request: Request) -> Response:
        """Ask the model again now. Send this when the model is back, instead of waiting for the next try."""
        ledger_id = ledger_id_of(self.user)
        retry_now(ledger_id=ledger_id)
        body = QueueStateSerializer(read_queue(ledger_id=ledger_id)).data
        return Response(body, status=status.HTTP_202_ACCEPTED)
