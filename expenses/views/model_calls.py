"""Views of the privacy ledger: every call of a model."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch, Q
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import ModelCall, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.querysets import OwnedQuerySet
from expenses.serializers.model_calls import DeletedCallsSerializer, ModelCallFilter, ModelCallSerializer
from expenses.services.model_calls import delete_calls
from expenses.views.base import Conflict, LedgerViewSet

#: Calls that an export reads at a time, so that the memory does not grow with it, and no cursor waits for the client.
CHUNK = 50


class ModelCallViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Calls of the model: what was sent, to whom, and what came back."""

    queryset = ModelCall.objects.order_by("-created_at", "-id")
    serializer_class = ModelCallSerializer
    filterset_class = ModelCallFilter
    lookup_value_converter = "uuid"
    rates = {"export": "export"}

    def get_queryset(self) -> Any:
        return _with_rows(super().get_queryset())

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List calls of the model. The newest come first."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Get a call of the model."""
        return super().retrieve(request, *args, **kwargs)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a call of the model. It must have ended. The transactions that it was made for stay as they are."""
        call = self.get_object()
        if not delete_calls(ModelCall.objects.filter(pk=call.pk), ledger_id=ledger_id_of(self.user)):
            raise Conflict("This call is still under way. Delete it when it has ended.", code="under_way")
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="privacy_model_calls_destroy_many", filters=True, responses={200: DeletedCallsSerializer}
    )
    def destroy_all(self, request: Request) -> Response:
        """Delete calls of the model.

        Without a filter, all that have ended. Transactions stay as they are.
        """
        n = delete_calls(self.filter_queryset(ModelCall.objects.for_user(self.user)), ledger_id=ledger_id_of(self.user))
        return Response({"deleted": n})

    @extend_schema(filters=False, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=False, pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Export all calls of the model. Each line is one call as JSON; the oldest comes first."""
        calls = _with_rows(ModelCall.objects.for_user(self.user)).order_by("created_at", "id")
        answer = StreamingHttpResponse(_lines(calls), content_type="application/octet-stream")
        answer["Content-Disposition"] = 'attachment; filename="model-calls.jsonl"'
        return answer


def _with_rows(calls: OwnedQuerySet) -> OwnedQuerySet:
    """Load the ids of the transactions, without those in the bin."""
    rows = Transaction.objects.order_by("pk").only("pk")
    found: OwnedQuerySet = calls.prefetch_related(Prefetch("transactions", rows))
    return found


def _lines(calls: OwnedQuerySet) -> Iterator[bytes]:
    """Yield a line of JSON for each call, the oldest first."""
    render = JSONRenderer().render
    part = list(calls[:CHUNK])
    while part:
        for call in part:
            yield render(ModelCallSerializer(call).data) + b"\n"
        at, pk = part[-1].created_at, part[-1].pk
        part = list(calls.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk))[:CHUNK])
