"""What is odd, over HTTP."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.ledger.dates import today_of
from expenses.models import Transaction
from expenses.models.ledgers import membership_of
from expenses.views.base import LedgerViewSet
from insights.anomalies.bodies import (
    SHOWN,
    AnomalyListSerializer,
    AnomalyQuery,
    FeedbackInput,
    FeedbackSerializer,
    Shown,
    describe_anomaly,
)
from insights.anomalies.silence import Said, stand
from insights.freshness import describe_freshness
from insights.models import Anomaly, AnomalyFeedback
from insights.serializers.parameters import NO_CURSOR
from insights.services.anomalies import give_feedback, take_feedback_back
from insights.services.refreshing import refresh_soon
from insights.views.rendering import KnownFormatsMixin


class AnomalyViewSet(KnownFormatsMixin, LedgerViewSet):
    """Weeks out of the ordinary, bills that are missing, dearer or doubled, large payments to somebody new."""

    queryset = Anomaly.objects.all()
    serializer_class = AnomalyListSerializer

    @extend_schema(operation_id="anomalies_list", parameters=[AnomalyQuery, NO_CURSOR], responses=AnomalyListSerializer)
    def list(self, request: Request) -> Response:
        """The newest first. A worker computes them: after a change `is_stale` says that it is still at it."""
        asked = AnomalyQuery(data=request.query_params, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        ledger = membership_of(self.user).ledger
        standing = refresh_soon(ledger)
        page: Any = self.paginate_queryset(self._wanted(asked.validated_data))
        shown = Shown(self.catalog, self._transactions(page))
        answer = self.get_paginated_response([describe_anomaly(anomaly, said, shown) for anomaly, said in page])
        answer.data |= describe_freshness(ledger, standing)
        return answer

    @extend_schema(operation_id="anomaly_feedback", request=FeedbackInput, responses=FeedbackSerializer)
    def give_feedback(self, request: Request, key: str) -> Response:
        """Say what you think of one; it holds whenever it is found again."""
        body = FeedbackInput(data=request.data)
        body.is_valid(raise_exception=True)
        with self.locked():
            feedback = give_feedback(by=self.user, anomaly=self._anomaly(key), verdict=body.validated_data["verdict"])
        return Response(FeedbackSerializer(feedback).data)

    @extend_schema(operation_id="anomaly_feedback_destroy", request=None, responses={204: None})
    def take_back(self, request: Request, key: str) -> Response:
        """As if you had said nothing."""
        with self.locked():
            feedback = AnomalyFeedback.objects.for_user(self.user).filter(key=key).first()
            if feedback is None:
                raise Http404
            take_feedback_back(by=self.user, feedback=feedback)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _wanted(self, asked: dict[str, Any]) -> Sequence[tuple[Anomaly, Said]]:
        rows = self.get_queryset().order_by("-day", "key")
        columns = {"start": "week__gte", "end": "week__lte", "kind": "kind", "category": "category"}
        rows = rows.filter(**{columns[name]: value for name, value in asked.items() if name in columns})
        if "category" in asked and asked["category"] is None:
            rows = rows.exclude(is_overall=True)  # it has no category, since it is of all
        feedback = list(AnomalyFeedback.objects.for_user(self.user).order_by("-version"))
        wanted = asked.get("status")
        statuses = SHOWN if wanted is None else {wanted}
        found = stand(rows, feedback, today=today_of(self.user))
        return [(anomaly, said) for anomaly, said in found if wanted == "all" or said.status in statuses]

    def _transactions(self, page: Sequence[tuple[Anomaly, Said]]) -> dict[int, Transaction]:
        ids = {pk for anomaly, _ in page for pk in anomaly.transactions}
        rows = Transaction.objects.for_user(self.user).filter(pk__in=ids)
        return {row.pk: row for row in rows.only("date", "amount", "currency", "description", "merchant")}

    def _anomaly(self, key: str) -> Anomaly | AnomalyFeedback:
        """The finding, or what was said of it where it is no longer found."""
        for rows in (self.get_queryset(), AnomalyFeedback.objects.for_user(self.user)):
            found: Anomaly | AnomalyFeedback | None = rows.filter(key=key).first()
            if found is not None:
                return found
        raise Http404
