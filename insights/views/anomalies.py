"""Endpoints of anomalies and of the feedback on them."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import membership_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import NO_CURSOR, LedgerViewSet
from insights.anomalies.weekly_series import OVERALL
from insights.charts.weeks import chart_anomalies
from insights.models import Anomaly, AnomalyFeedback, AnomalyVerdict, WeeklySpending
from insights.serializers.anomalies import (
    AnomalyEntry,
    AnomalyListSerializer,
    AnomalyQuery,
    AnomalySerializer,
    FeedbackInput,
    FeedbackSerializer,
)
from insights.serializers.decompositions import weeks_between
from insights.serializers.freshness import describe_freshness
from insights.services.decompositions import subject_key
from insights.services.feedback import feedback_on, give_feedback, take_back
from insights.services.refreshing import refresh_soon
from insights.views.rendering import ChartMixin, chart_schema

#: Query parameters that filter rows, and how.
FILTERS = {"start": "week__gte", "end": "week__lte", "kind": "kind", "category": "category"}


class AnomalyListView(ChartMixin, LedgerViewSet):
    """Unusual weeks, bills that are missing, more expensive or doubled, and large payments to new payees."""

    queryset = Anomaly.objects.all()
    serializer_class = AnomalyListSerializer
    chart = staticmethod(chart_anomalies)

    @chart_schema("anomalies_list", AnomalyQuery, AnomalyListSerializer, NO_CURSOR)
    def list(self, request: Request) -> Response:
        """List anomalies.

        The newest come first. Workers compute them; `is_stale` says that changes are being computed. As a picture, they
        are marked among the weeks from `start` to `end`, or the last 52 weeks.
        """
        wanted = self.checked(AnomalyQuery, data=request.query_params).validated_data
        ledger = membership_of(self.user).ledger
        state = refresh_soon(ledger)

        rows = self.get_queryset().order_by("-day", "key")
        rows = rows.filter(**{FILTERS[name]: value for name, value in wanted.items() if name in FILTERS})
        if "category" in wanted and wanted["category"] is None:
            rows = rows.exclude(is_overall=True)  # all spending has no category either
        feedback = list(AnomalyFeedback.objects.for_user(self.user).order_by("-version"))
        found = feedback_on(rows, feedback, today=self.user.today())
        shown = {"open", AnomalyVerdict.USEFUL} if "status" not in wanted else {wanted["status"]}
        if shown != {"all"}:
            found = [(anomaly, own) for anomaly, own in found if (own.verdict if own else "open") in shown]

        if request.accepted_renderer.format != "json":
            return Response(self._drawn(found, wanted))
        answer = self.get_paginated_response(self._serialized(self.paginate_queryset(found)))
        answer.data |= cut_rates(describe_freshness(ledger, state), request=request)
        return answer

    def _serialized(self, page: Any) -> Any:
        """Return the bodies of anomalies with the feedback that holds for each."""
        ids = {pk for anomaly, _ in page for pk in anomaly.transactions}
        columns = ("date", "amount", "currency", "description", "merchant", "match_text")
        transactions = Transaction.objects.for_user(self.user).filter(pk__in=ids).only(*columns).in_bulk()
        entries = [
            AnomalyEntry(
                anomaly, own, [transactions[pk] for pk in anomaly.transactions if pk in transactions], self.catalog
            )
            for anomaly, own in page
        ]
        return AnomalySerializer(entries, many=True).data

    def _drawn(self, found: Sequence[tuple[Anomaly, AnomalyFeedback | None]], wanted: dict[str, Any]) -> dict[str, Any]:
        """Return the body that a picture is made of: weeks with their expected range, and the anomalies among them."""
        category = wanted.get("category")
        subject = subject_key(category and category.pk) if "category" in wanted else OVERALL
        stored = WeeklySpending.objects.for_user(self.user).filter(subject=subject).first()
        weeks = weeks_between(stored, wanted.get("start"), wanted.get("end")) if stored else []
        days = {week["week"] for week in weeks}
        return {
            "is_overall": "category" not in wanted,
            "category_name": self.catalog.categories[category.pk].display_name if category else None,
            "currency": stored.currency if stored else None,
            "weeks": weeks,
            "results": self._serialized([pair for pair in found if pair[0].week in days]),
        }


class AnomalyFeedbackView(LedgerViewSet):
    """Feedback on anomalies."""

    queryset = Anomaly.objects.all()
    serializer_class = FeedbackSerializer

    @extend_schema(operation_id="anomaly_feedback", request=FeedbackInput, responses=FeedbackSerializer)
    def give_feedback(self, request: Request, key: str) -> Response:
        """Give feedback on an anomaly. It holds when the anomaly is found again, too."""
        body = self.checked(FeedbackInput)
        own = AnomalyFeedback.objects.for_user(self.user)
        with self.locked():
            # An anomaly that is no longer found is known from earlier feedback.
            anomaly = self.get_queryset().filter(key=key).first() or own.filter(key=key).first()
            if anomaly is None:
                raise Http404
            feedback = give_feedback(by=self.user, anomaly=anomaly, verdict=body.validated_data["verdict"])
        return Response(FeedbackSerializer(feedback).data)

    @extend_schema(operation_id="anomaly_feedback_destroy", request=None, responses={204: None})
    def take_back(self, request: Request, key: str) -> Response:
        """Delete feedback on an anomaly."""
        with self.locked():
            feedback = AnomalyFeedback.objects.for_user(self.user).filter(key=key).first()
            if feedback is None:
                raise Http404
            take_back(by=self.user, feedback=feedback)
        return Response(status=status.HTTP_204_NO_CONTENT)
