"""Rules over HTTP."""

from typing import Any

from django.utils.functional import SimpleLazyObject
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict_serializer import StrictSerializer
from expenses.models import Run
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import user_of
from expenses.serializers.filters import HelpfulFilterSet
from expenses.serializers.runs import RunSerializer
from expenses.services.runs import begin_run
from expenses.views.base import ListViewSet
from rules.models import Origin, Rule
from rules.serializers.previews import LISTED, OrderInput, TestAnswer, TestInput
from rules.serializers.rules import RuleSerializer
from rules.services.previews import preview_rule
from rules.services.rules import create_rule, delete_rule, edit_rule, reorder_rules
from rules.services.runs import order_rule, order_rules
from rules.services.statistics import statistics_of

MAX_REORDERED = 10_000


class ReorderInput(StrictSerializer):
    """Rules in their new order; other rules keep their places."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=MAX_REORDERED,
    )

    def validate_ids(self, value: list[int]) -> list[int]:
        if len(set(value)) < len(value):
            raise serializers.ValidationError("Name each rule once.", code="repeated")
        known = set(Rule.objects.for_user(user_of(self)).filter(pk__in=value).values_list("pk", flat=True))
        if missing := [pk for pk in value if pk not in known]:
            raise serializers.ValidationError(f"There is no rule {missing[0]}.", code="does_not_exist")
        return value


class RuleFilter(HelpfulFilterSet):
    """Filters of the list."""

    group = filters.CharFilter("group", "iexact")
    is_active = filters.BooleanFilter("is_active")
    origin = filters.ChoiceFilter(choices=Origin.choices)
    search = filters.CharFilter("name", "icontains", max_length=100)


class RuleViewSet(ListViewSet):
    """Your rules, in the order in which they apply."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    filterset_class = RuleFilter
    is_guarded = True

    def get_serializer_context(self) -> dict[str, Any]:
        known = SimpleLazyObject(lambda: statistics_of(ledger_id_of(self.user)))
        return super().get_serializer_context() | {"statistics": known}

    def retrieve(self, request: Request, pk: int) -> Response:
        """Get a rule. The status is never 304, since statistics change without the rule."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        rule = create_rule(by=self.user, fields=self.checked(RuleSerializer).validated_data)
        return self.answer(rule, code=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: int) -> Response:
        with self.guarded() as rule:
            edited = edit_rule(by=self.user, rule=rule, fields=self.checked(RuleSerializer, rule).validated_data)
        return self.answer(edited)  # its statistics are counted while others may write

    def partial_update(self, request: Request, pk: int) -> Response:
        return self.update(request, pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as rule:
            delete_rule(by=self.user, rule=rule)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ReorderInput, responses=RuleSerializer(many=True))
    @action(detail=False, methods=["post"])
    def reorder(self, request: Request) -> Response:
        """Reorder rules. All priorities are rewritten, in tens."""
        reorder_rules(by=self.user, ids=self.checked(ReorderInput).validated_data["ids"])
        return mixins.ListModelMixin.list(self, request)

    @extend_schema(request=TestInput, responses=TestAnswer)
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Test a rule.

        The rule may be unsaved. The answer has values before and after, locked fields, and who wins today.
        """
        pk = request.data.get("id") if isinstance(request.data, dict) else None
        saved: Rule | None = None
        if isinstance(pk, int) and not isinstance(pk, bool):
            saved = self.get_queryset().filter(pk=pk).first()
            if saved is None:
                raise serializers.ValidationError({"id": f"There is no rule {pk}."}, code="does_not_exist")
        body = self.checked(TestInput, saved, partial=saved is not None)
        preview = preview_rule(
            by=self.user,
            rule=body.rule(),
            scope=body.scope(),
            limit=body.validated_data.get("limit", LISTED),
            changes_only=body.validated_data.get("changes_only", False),
            catalog=self.catalog,
        )
        return Response(TestAnswer(preview).data)

    @extend_schema(request=OrderInput, responses={202: RunSerializer})
    @action(detail=True, methods=["post"], is_guarded=False)
    def apply(self, request: Request, pk: int) -> Response:
        """Apply one rule.

        Stored transactions change where its conditions match; its triggers do not count. The run can be
        reverted.
        """
        scope = self.checked(OrderInput).scope()
        return _run_response(order_rule(by=self.user, rule=self.get_object(), scope=scope))

    @extend_schema(operation_id="rules_apply_all", request=OrderInput, responses={202: RunSerializer})
    @action(detail=False, methods=["post"], url_path="apply")
    def apply_all(self, request: Request) -> Response:
        """Apply all rules.

        Stored transactions get what the active rules with the trigger `manual` say. The run can be reverted.
        """
        return _run_response(order_rules(by=self.user, scope=self.checked(OrderInput).scope()))


def _run_response(run: Run) -> Response:
    return Response(RunSerializer(begin_run(run)).data, status=status.HTTP_202_ACCEPTED)
