"""The text of a month over HTTP: as JSON at once, or as a stream of sentences while the model writes."""

from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.views.base import AS_USER, LedgerViewSet
from insights.calendars import Calendar
from insights.serializers.narrative import NarrativeHintSerializer, NarrativeQuery, NarrativeSerializer, body_of
from insights.services.narratives import ASK_AGAIN_S, MonthWriter, set_hint
from insights.services.refreshing import refresh_soon
from insights.views.streams import STREAMS, EventStream, TooManyStreams

LAST_EVENT = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="The `id` of the last event that a stream has brought: it goes on after that.",
)


class EventStreamRenderer(BaseRenderer):
    """Names the format of streams. Errors before the first event are JSON."""

    media_type = "text/event-stream"
    format = "sse"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        found: bytes = JSONRenderer().render(data)
        return found


class NarrativeView(LedgerViewSet):
    """The text of a month."""

    queryset = Transaction.objects.all()
    serializer_class = NarrativeSerializer
    renderer_classes = [JSONRenderer, EventStreamRenderer]
    filter_backends: list[type] = []
    pagination_class = None

    @extend_schema(
        operation_id="insights_narrative",
        parameters=[NarrativeQuery, LAST_EVENT],
        responses={(200, "application/json"): NarrativeSerializer, (200, "text/event-stream"): OpenApiTypes.STR},
    )
    def retrieve(self, request: Request) -> HttpResponseBase:
        """Tell about a month.

        A summary, what changed, and three tips, in the language of your preferences. Every number is one of the
        figures.

        The answer never waits for the model. Its checked sentences take the place of the template's as soon as a worker
        has stored them. `format=sse` streams them as server-sent events.
        """
        query = self.checked(NarrativeQuery, data=request.query_params)
        currency = query.validated_data.get("currency", self.user.base_currency)
        today = self.user.today()
        month = query.read_month(Calendar(self.user.week_start, self.user.month_start), today=today)
        refresh_soon(membership_of(self.user).ledger)
        # An admin who looks at a ledger gives the model nothing to read.
        may_ask = AS_USER not in request.query_params

        def write() -> MonthWriter:
            return MonthWriter(self.user, month, currency, today)

        if request.accepted_renderer.format == "sse":
            return self._stream(write, may_ask=may_ask)
        text = write().show(may_ask=may_ask)
        headers = {"Retry-After": str(ASK_AGAIN_S)} if text.model == "writing" else {}
        return Response(body_of(text), headers=headers)

    @extend_schema(
        operation_id="insights_narrative_hint", request=NarrativeHintSerializer, responses=NarrativeHintSerializer
    )
    def set_hint(self, request: Request) -> Response:
        """Set the tone. The model writes each text again when it is next read."""
        body = self.checked(NarrativeHintSerializer)
        set_hint(ledger_id=ledger_id_of(self.user), hint=body.validated_data["hint"])
        return Response({"hint": body.validated_data["hint"]})

    def _stream(self, write: Any, *, may_ask: bool) -> StreamingHttpResponse:
        """Return the stream. Raises TooManyStreams, since each stream holds a thread of the web server."""
        if not STREAMS.acquire(blocking=False):
            raise TooManyStreams
        try:
            events = EventStream(write, may_ask=may_ask, after=self.request.headers.get("Last-Event-ID", ""))
            answer = StreamingHttpResponse(events, content_type="text/event-stream; charset=utf-8")
        except BaseException:
            STREAMS.release()
            raise
        answer["Cache-Control"] = "no-store"
        answer["X-Accel-Buffering"] = "no"
        return answer
