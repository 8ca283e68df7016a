"""View of the linter's findings."""

from django.db.models import Sum
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.views.base import LedgerViewSet, conditional_response
from rules.linting.cases import LintVerdict
from rules.linting.linter import lint_rules
from rules.models import Rule
from rules.serializers.linting import LintOptions, LintSerializer


class LintView(LedgerViewSet):
    """Check of your active rules and of their effects on your transactions."""

    queryset = Rule.objects.all()
    serializer_class = LintSerializer
    pagination_class = None

    @extend_schema(operation_id="rules_lint", parameters=[LintOptions], responses=LintSerializer)
    def lint(self, request: Request) -> Response:
        """Find mistakes in rules.

        Among them are rules that never get a turn, never match, repeat or contradict each other, or are slow.

        The verdict says how certain a finding is. `proved` holds for any transactions, and `undecided` is
        suggested by yours. `disproved` is a suspicion that one of your transactions refutes.
        """
        verdict = self.checked(LintOptions, data=request.query_params).validated_data.get("verdict")
        verdicts = (LintVerdict(verdict),) if verdict else (LintVerdict.PROVED, LintVerdict.UNDECIDED)
        n_timeouts = self.get_queryset().order_by().aggregate(n=Sum("n_timeouts"))["n"]  # no part of the version
        return conditional_response(
            request,
            lambda: Response(LintSerializer(lint_rules(user=self.user, verdicts=verdicts)).data),
            *verdicts,
            int(n_timeouts or 0),
        )
