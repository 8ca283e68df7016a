"""Proposed rules over HTTP."""

from typing import Any

from django.utils.functional import SimpleLazyObject
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.filters import HelpfulFilterSet
from expenses.serializers.runs import RunSerializer
from expenses.services.runs import begin_run
from expenses.views.base import LedgerViewSet, ListViewSet, RetrieveViewSet, etag_of
from rules.models import Proposal, ProposalStatus
from rules.serializers.proposals import (
    AcceptedRuleSerializer,
    AcceptInput,
    NarrowInput,
    NeverInput,
    ProposalSerializer,
    ProposedRuleSerializer,
    ProposeInput,
)
from rules.serializers.rules import RuleSerializer
from rules.services.proposals import (
    accept_proposal,
    check_narrower,
    free_name,
    narrow_proposal,
    refuse_proposal,
    replace_conditions,
)
from rules.services.rule_drafts import suggest_rule
from rules.services.runs import RunScope, order_rule
from rules.services.statistics import statistics_of


class ProposalFilter(HelpfulFilterSet):
    """Filters of proposals."""

    status = filters.ChoiceFilter(choices=ProposalStatus.choices)


class ProposalViewSet(ListViewSet, RetrieveViewSet):
    """Rules proposed from your corrections: accept them, narrow them, or refuse them for good."""

    queryset = Proposal.objects.as_seen()
    noun = "proposed rule"
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter

    def get_serializer_context(self) -> dict[str, Any]:
        known = SimpleLazyObject(lambda: statistics_of(ledger_id_of(self.user)))
        return super().get_serializer_context() | {"statistics": known}

    @extend_schema(request=AcceptInput, responses={201: AcceptedRuleSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        """Accept a proposed rule.

        The rule is created, as it is or with other fields. Stored transactions stay, unless you send `apply`.
        """
        with self.guarded() as proposal:
            own = proposal.rule | {"name": free_name(proposal.rule["name"], ledger_id=proposal.ledger_id)}
            sent: Any = request.data
            body = self.checked(AcceptInput, data=own | sent if isinstance(sent, dict) else sent)
            fields = dict(body.validated_data)
            is_applied = fields.pop("apply")
            rule = accept_proposal(by=self.user, proposal=proposal, fields=fields)
        run = begin_run(order_rule(by=self.user, rule=rule, scope=RunScope())) if is_applied else None
        answer = RuleSerializer(rule, context=self.get_serializer_context()).data
        answer |= {"run": RunSerializer(run).data if run is not None else None}
        return Response(answer, status=status.HTTP_201_CREATED, headers={"ETag": etag_of(rule)})

    @extend_schema(request=NarrowInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def narrow(self, request: Request, pk: int) -> Response:
        """Narrow a proposed rule.

        Exclude confirmed transactions that disagree, or set conditions that match fewer transactions.
        """
        order = self.checked(NarrowInput)
        with self.guarded() as proposal:
            if order.validated_data:
                wanted = {"match": "all"} | order.validated_data
                check_narrower(proposal=proposal, catalog=self.catalog, **wanted)
                replace_conditions(by=self.user, proposal=proposal, **wanted)
            else:
                narrow_proposal(by=self.user, proposal=proposal, catalog=self.catalog)
        return self.answer(self.get_object())

    @extend_schema(request=NeverInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def never(self, request: Request, pk: int) -> Response:
        """Refuse a proposed rule. It stays refused for good; `scope` extends this to every rule for its merchant."""
        order = self.checked(NeverInput)
        with self.guarded() as proposal:
            is_of_merchant = order.validated_data["scope"] == "merchant"
            refuse_proposal(by=self.user, proposal=proposal, is_of_merchant=is_of_merchant)
        return self.answer(self.get_object())


class ProposeRuleViewSet(LedgerViewSet):
    """Rules made of one transaction."""

    queryset = Transaction.objects.with_related()
    serializer_class = ProposedRuleSerializer

    @extend_schema(request=ProposeInput, responses=ProposedRuleSerializer)
    def propose(self, request: Request, pk: int) -> Response:
        """Propose a rule from a transaction.

        It fits transactions like this one, and shows its impact. Nothing is written.
        """
        row = self.get_object()
        category = self.checked(ProposeInput, transaction=row).validated_data["category"]
        rule, impact = suggest_rule(transaction=row, category=category, catalog=self.catalog)
        context = self.get_serializer_context() | {"impact": impact}
        return Response(ProposedRuleSerializer(rule, context=context).data)
