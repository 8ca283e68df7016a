"""The review queue over HTTP."""

from collections.abc import Sequence
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.categorization.review_groups import DIRECTIONS, OpenRow, group_rows
from expenses.models import Category, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.filters import DayFilter, HelpfulFilterSet, TransactionFilter
from expenses.serializers.review import ResolveInput, ReviewGroupSerializer, example_descriptions
from expenses.serializers.runs import RunSerializer
from expenses.services.review import order_review, read_open
from expenses.services.runs import UNFINISHED, begin_run
from expenses.views.base import NO_CURSOR, ListViewSet, conditional_response
from rules.serializers.proposals import UnsavedRuleSerializer
from rules.services.rule_drafts import offer_rule


class ReviewFilter(HelpfulFilterSet):
    """Filters of the rows that are grouped."""

    direction = filters.ChoiceFilter(choices=[(name, name) for name in DIRECTIONS])
    account = filters.CharFilter(method="by_account")
    search = filters.CharFilter(
        method="by_search", max_length=200, help_text="Every word occurs in description, merchant or notes."
    )
    start = DayFilter("date", "gte")
    end = DayFilter("date", "lte")

    by_account = TransactionFilter.by_account
    by_search = TransactionFilter.by_search


class ResolvedSerializer(RunSerializer):
    """The run, which can be reverted, and the consequences of the answer."""

    similar = serializers.IntegerField(help_text="Rows that were included because they are similar to those named.")
    rule = UnsavedRuleSerializer(allow_null=True, help_text="A rule that gives the same answer; null if none fits.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "similar", "rule"]


class ReviewViewSet(ListViewSet):
    """Suggestions, rows without a category and rows that a rule marks for review, grouped by merchant."""

    queryset = Transaction.objects.all()
    serializer_class = ReviewGroupSerializer
    filterset_class = ReviewFilter

    def get_queryset(self) -> Any:
        return super().get_queryset().in_review()

    @extend_schema(parameters=[NO_CURSOR])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List groups to review. The largest come first."""

        def respond() -> Response:
            rows = self.filter_queryset(self.get_queryset())
            page = self.paginate_queryset(group_rows(read_open(rows))) or []
            context = {"catalog": self.catalog, "descriptions": example_descriptions(page, rows=self.get_queryset())}
            return self.get_paginated_response(ReviewGroupSerializer(page, many=True, context=context).data)

        return conditional_response(request, respond)

    @extend_schema(request=ResolveInput, responses={200: ResolvedSerializer, 202: ResolvedSerializer})
    @action(detail=False, methods=["post"])
    def resolve(self, request: Request) -> Response:
        """Accept or correct a group.

        The status is 200 if it is done, and 202 if it has more than 100 rows.

        Without a category, each row gets the machine's answer. Rows that cannot take the answer stay, and
        `runs/{id}/errors/` lists them.
        """
        order = self.checked(ResolveInput)
        chosen, category = order.validated_data["chosen"], order.validated_data["category"]
        rule = self._rule_for(chosen.open, category)
        run = begin_run(order_review(by=self.user, rows=chosen.ids, category=category))
        body = {**RunSerializer(run).data, "similar": chosen.n_similar, "rule": rule}
        return Response(body, status=status.HTTP_202_ACCEPTED if run.status in UNFINISHED else status.HTTP_200_OK)

    def _rule_for(self, rows: Sequence[OpenRow], category: Category | None) -> dict[str, Any] | None:
        """Return the body of a rule that gives the user's category, or else the one category of the machine."""
        answers = {row.answer for row in rows}
        if category is None and len(answers) == 1:
            category = self.catalog.categories.get(answers.pop() or 0)
        if category is None:
            return None
        rule = offer_rule(rows=rows, category=category, ledger_id=ledger_id_of(self.user), catalog=self.catalog)
        return UnsavedRuleSerializer(rule, context=self.get_serializer_context()).data if rule is not None else None
