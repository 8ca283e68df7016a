"""What is wrong with rules, over HTTP."""

from django.db.models import Sum
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.views.base import LedgerViewSet, conditional_response
from rules.linting.linter import lint_rules
from rules.models import Rule
from rules.serializers.linting import LintOptions, LintSerializer, describe_report


class LintView(LedgerViewSet):
    """Looks at your active rules, and at what they do to your transactions."""

    queryset = Rule.objects.all()
    serializer_class = LintSerializer
    pagination_class = None

    @extend_schema(operation_id="rules_lint", parameters=[LintOptions], responses=LintSerializer)
    def lint(self, request: Request) -> Response:
        """Rules that never get a turn, never match, repeat or contradict each other, or are slow, and how sure that is.

        `proved` is so whatever the transactions, `undecided` is what your transactions look like, and `disproved` is
        a suspicion that a transaction speaks against.
        """
        options = LintOptions(data=request.query_params)
        options.is_valid(raise_exception=True)
        return conditional_response(
            request,
            lambda: Response(describe_report(lint_rules(user=self.user), options.verdicts)),
            *options.verdicts,
            self._n_timeouts(),
        )

    def _n_timeouts(self) -> int:
        """Counted without a new version of the ledger."""
        return int(self.get_queryset().order_by().aggregate(n=Sum("n_timeouts"))["n"] or 0)
