"""Serializers for proposed rules, and for the user's answers."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.kinds import derive_kind
from expenses.models import Transaction
from expenses.serializers.fields import CategoryNameField, CategoryReference
from expenses.serializers.runs import RunSerializer
from rules.models import RULE_FIELDS, Proposal, ProposalStatus, Rule
from rules.serializers.actions import ActionSerializer
from rules.serializers.conditions import MAX_CONDITIONS, ConditionSerializer
from rules.serializers.rules import RuleSerializer
from rules.services.impact import measure_impacts

#: Evidence that a body lists; its sentence tells the whole number.
LISTED = 20


class UnsavedRuleSerializer(RuleSerializer):
    """A rule that is not saved; POST it to rules/ as it is, or changed."""

    class Meta(RuleSerializer.Meta):
        fields = list(RULE_FIELDS)
        read_only_fields: list[str] = []

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        actions = [self._action(action) for action in instance.actions]
        return instance.content | {"actions": actions}


class TouchedSerializer(serializers.Serializer[Any]):
    """A transaction, and its present category."""

    id = serializers.IntegerField()
    date = serializers.DateField(source="day")
    description = serializers.CharField()
    category_name = CategoryNameField(source="category", allow_null=True)


@extend_schema_serializer(component_name="Radius")
class ImpactSerializer(serializers.Serializer[Any]):
    """The effect of the rule by itself on stored transactions."""

    touches = serializers.IntegerField(help_text="Transactions that it would change now.")
    agree = serializers.IntegerField(help_text="Confirmed ones that it matches, of the same category.")
    disagree = serializers.IntegerField(help_text="Confirmed ones that it matches, of another category.")
    examples = TouchedSerializer(many=True, source="touched", help_text="The newest five that it would change.")
    counterexamples = TouchedSerializer(many=True, source="contradicting", help_text="The newest five that disagree.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """A transaction whose category a user corrected."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    description = serializers.CharField()


class ProposalListSerializer(serializers.ListSerializer[Any]):
    """A page of proposals, whose transactions are read once for all."""

    def to_representation(self, data: Any) -> list[Any]:
        proposals = list(data)
        add_details(proposals, self.context)
        return super().to_representation(proposals)


class StoredProposalSerializer(serializers.Serializer[Proposal]):
    """A rule that was made from corrections, without what it would do now."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ProposalStatus.choices)
    rule = UnsavedRuleSerializer(source="unsaved_rule")
    because = serializers.SerializerMethodField()
    transactions = serializers.ListField(
        child=serializers.IntegerField(), source="evidence", help_text="Ids of the corrected transactions."
    )
    accepted_rule = serializers.IntegerField(
        allow_null=True, source="accepted_rule_id", help_text="The rule that it became."
    )
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="That of its last write.")

    def get_because(self, proposal: Proposal) -> str:
        n, category = len(proposal.evidence), self.context["catalog"].name(proposal.category_id)
        what = f"{n} transactions" if n > 1 else "a transaction"
        return f"You put {what} with “{proposal.phrase}” into {category}, which no machine had said."


class ProposalSerializer(StoredProposalSerializer):
    """A rule that was made from corrections, and its impact."""

    evidence = EvidenceSerializer(many=True, source="evidence_rows")
    blast_radius = ImpactSerializer(
        allow_null=True, source="impact", help_text="Null once the proposal was accepted or refused."
    )
    version = serializers.IntegerField(
        source="seen_version", help_text="That of the ledger: any transaction may change what it would do."
    )

    class Meta:
        list_serializer_class = ProposalListSerializer

    def to_representation(self, instance: Proposal) -> Any:
        if not hasattr(instance, "impact"):
            add_details([instance], self.context)
        return super().to_representation(instance)


def add_details(proposals: Sequence[Proposal], context: Any) -> None:
    """Add evidence and impact to proposals from `as_seen()`, in three queries at most."""
    if not proposals:
        return
    catalog, user, ledger_id = context["catalog"], context["request"].user, proposals[0].ledger_id
    ids = {pk for proposal in proposals for pk in proposal.evidence}
    rows = Transaction.objects.filter(ledger_id=ledger_id, pk__in=ids).order_by("pk")
    known = {row["id"]: row for row in rows.values("id", "date", "description")}
    waiting = [proposal for proposal in proposals if proposal.status == ProposalStatus.OPEN]
    impacts = measure_impacts([p.unsaved_rule for p in waiting], ledger_id=ledger_id, catalog=catalog, user=user)
    by_proposal = dict(zip((proposal.pk for proposal in waiting), impacts, strict=True))
    for proposal in proposals:
        proposal.evidence_rows = [known[pk] for pk in proposal.evidence if pk in known][:LISTED]
        proposal.impact = by_proposal.get(proposal.pk)


class AcceptInput(RuleSerializer):
    """Fields of the rule that differ from the proposal; may be empty."""

    name = serializers.CharField(max_length=100, required=False)
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS, required=False)  # type: ignore[call-arg]
    actions = ActionSerializer(many=True, allow_empty=False, required=False)
    apply = serializers.BooleanField(default=False, help_text="Apply it to stored transactions, as a run.")

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "apply"]


class NarrowInput(StrictSerializer):
    """New conditions; may be empty."""

    match = serializers.ChoiceField(choices=["all", "any"], required=False)
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS, required=False)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "match" in attrs and "conditions" not in attrs:
            raise serializers.ValidationError({"conditions": "Give the conditions that it is for."}, code="required")
        return attrs


class NeverInput(StrictSerializer):
    """The extent of a refusal."""

    scope = serializers.ChoiceField(
        choices=["merchant", "proposal"],
        default="merchant",
        help_text="No rule for this merchant, or not this one: other categories may be proposed.",
    )


class ProposeInput(StrictSerializer):
    """The category that the rule sets, if not the transaction's own."""

    category = CategoryReference(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        row: Transaction = self.context["transaction"]
        category = attrs.get("category", row.category)
        if category is None:
            detail = "The transaction has no category yet; say which one the rule is to set."
            raise serializers.ValidationError({"category": detail}, code="required")
        if derive_kind(row.direction, category.kind) is None:
            detail = f"“{category}” is a category of kind {category.kind}, which does not fit money {row.direction}."
            raise serializers.ValidationError({"category": detail}, code="wrong_kind")
        return {"category": category}


class ProposedRuleSerializer(UnsavedRuleSerializer):
    """A rule for transactions like this one, not saved, and its impact."""

    because = serializers.CharField(read_only=True)
    blast_radius = ImpactSerializer(read_only=True)

    class Meta(UnsavedRuleSerializer.Meta):
        fields = [*UnsavedRuleSerializer.Meta.fields, "because", "blast_radius"]

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        phrase, category = instance.conditions[0]["value"], instance.actions[0]["value"]
        name = self.context["catalog"].name(category)
        return super().to_representation(instance) | {
            "because": f"It has “{phrase}”, which names whom it was paid to or by, and belongs to {name}.",
            "blast_radius": ImpactSerializer(self.context["impact"], context=self.context).data,
        }


class AcceptedRuleSerializer(RuleSerializer):
    """The rule, and the run that applies it to stored transactions, if requested."""

    run = RunSerializer(read_only=True, allow_null=True)

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "run"]
