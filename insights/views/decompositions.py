"""Endpoint of the seasonal decomposition of weekly spending."""

import zlib

from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models.ledgers import membership_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import LedgerViewSet, conditional_response
from insights.anomalies.decomposition import LEAST_WEEKS
from insights.anomalies.weekly_series import OVERALL
from insights.charts.weeks import chart_decomposition
from insights.models import WeeklySpending
from insights.serializers.decompositions import DecompositionQuery, DecompositionReport, DecompositionSerializer
from insights.serializers.freshness import FOR_DECOMPOSITION, describe_freshness
from insights.services.decompositions import subject_key
from insights.services.refreshing import refresh_soon
from insights.views.rendering import ChartMixin, chart_schema


class DecompositionView(ChartMixin, LedgerViewSet):
    """Weekly spending as trend, season and residual."""

    queryset = WeeklySpending.objects.all()
    serializer_class = DecompositionSerializer
    chart = staticmethod(chart_decomposition)
    filter_backends: list[type] = []
    pagination_class = None

    @chart_schema("insights_decomposition", DecompositionQuery, DecompositionSerializer)
    def decomposition(self, request: Request) -> Response:
        """Decompose weekly spending.

        Spending of a category, or of everything, is split into trend, season and residual. Known bills are taken out
        first.

        The season repeats after a quarter, or after a year where two years are known and the year predicts better.
        `weight` says what it has been worth. Workers compute it; `is_stale` says that changes are being computed.
        """
        wanted = self.checked(DecompositionQuery, data=request.query_params).validated_data
        ledger = membership_of(self.user).ledger
        state = refresh_soon(ledger)
        is_overall, category = "category" not in wanted, wanted.get("category")
        subject = subject_key(OVERALL if is_overall else category and category.pk)
        stored = self.get_queryset().filter(subject=subject).first()
        weeks = stored.n_weeks if stored else 0
        report = DecompositionReport(
            category=category.pk if category else None,
            category_name=self.catalog.categories[category.pk].display_name if category else None,
            is_overall=is_overall,
            stored=stored,
            freshness=describe_freshness(ledger, state, lack=FOR_DECOMPOSITION, weeks=weeks, least_weeks=LEAST_WEEKS),
        )

        def make() -> Response:
            return Response(cut_rates(self.body_of(report), request=request))

        seen = zlib.crc32(repr((report.freshness, subject)).encode())
        return conditional_response(request, make, seen, request.accepted_renderer.format)
