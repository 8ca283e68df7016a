"""Shape of proposed rules, and of what is said of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.kinds import derive_kind
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import CategoryReference
from expenses.serializers.runs import RunSerializer
from rules.engine.stored_rows import StoredRow
from rules.models import Proposal, ProposalStatus, Rule
from rules.serializers.actions import ActionSerializer
from rules.serializers.conditions import MAX_CONDITIONS, ConditionSerializer
from rules.serializers.rules import RuleSerializer
from rules.services.impact import Impact, measure_impacts
from rules.services.rule_drafts import FIELDS

#: Evidence that a body shows; the rest is counted in its sentence.
SHOWN = 20


class UnsavedRuleSerializer(RuleSerializer):
    """A rule that is not saved; POST it to rules/ as it is, or changed."""

    class Meta(RuleSerializer.Meta):
        fields = list(FIELDS)
        read_only_fields: list[str] = []

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        actions = [self._action(action) for action in instance.actions]
        return {name: getattr(instance, name) for name in FIELDS} | {"actions": actions}


class TouchedSerializer(serializers.Serializer[Any]):
    """A transaction, and the category that it has now."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    description = serializers.CharField()
    category_name = serializers.CharField(allow_null=True)


class RadiusSerializer(serializers.Serializer[Any]):
    """What the rule by itself would do to the transactions that are there."""

    touches = serializers.IntegerField(help_text="Transactions that it would change now.")
    agree = serializers.IntegerField(help_text="Confirmed ones that it matches, of the same category.")
    disagree = serializers.IntegerField(help_text="Confirmed ones that it matches, of another category.")
    examples = TouchedSerializer(many=True, help_text="The newest five that it would change.")
    counterexamples = TouchedSerializer(many=True, help_text="The newest five that disagree.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """A transaction whose category somebody corrected."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    description = serializers.CharField()


class ProposalListSerializer(serializers.ListSerializer[Any]):
    """Describes a page at once: the transactions are read once for all."""

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        return describe_proposals(list(data), self.context)


class ProposalSerializer(serializers.Serializer[Proposal]):
    """A rule that was made from corrections, and what would come of it."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ProposalStatus.choices)
    rule = UnsavedRuleSerializer()
    evidence = EvidenceSerializer(many=True)
    because = serializers.CharField()
    blast_radius = RadiusSerializer(allow_null=True, help_text="Null once the proposal was accepted or refused.")
    accepted_rule = serializers.IntegerField(allow_null=True, help_text="The rule that it became.")
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="That of the ledger: any transaction may change what it would do.")

    class Meta:
        list_serializer_class = ProposalListSerializer

    def to_representation(self, instance: Proposal) -> dict[str, Any]:
        [body] = describe_proposals([instance], self.context)
        return body


class AcceptInput(RuleSerializer):
    """Nothing, or what the rule is to have otherwise."""

    name = serializers.CharField(max_length=100, required=False)
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS, required=False)  # type: ignore[call-arg]
    actions = ActionSerializer(many=True, allow_empty=False, required=False)
    apply = serializers.BooleanField(default=False, help_text="Apply it to the transactions that are there, as a run.")

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "apply"]


class NarrowInput(StrictSerializer):
    """Nothing, or the conditions themselves."""

    match = serializers.ChoiceField(choices=["all", "any"], required=False)
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS, required=False)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "match" in attrs and "conditions" not in attrs:
            raise serializers.ValidationError({"conditions": "Give the conditions that it is for."}, code="required")
        return attrs


class NeverInput(StrictSerializer):
    """How much is never to be proposed again."""

    scope = serializers.ChoiceField(
        choices=["merchant", "proposal"],
        default="merchant",
        help_text="No rule for this merchant, or not this one: other categories may be proposed.",
    )


class ProposeInput(StrictSerializer):
    """The category that the rule is to set, where the transaction has none or another one."""

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
    """A rule for transactions like this one, not saved, and what would come of it."""

    because = serializers.CharField(read_only=True)
    blast_radius = RadiusSerializer(read_only=True)

    class Meta(UnsavedRuleSerializer.Meta):
        fields = [*UnsavedRuleSerializer.Meta.fields, "because", "blast_radius"]


class AcceptedRuleSerializer(RuleSerializer):
    """The rule, and the run that applies it to the transactions that are there, if that was wished."""

    run = RunSerializer(read_only=True, allow_null=True)

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "run"]


def describe_proposals(proposals: Sequence[Proposal], context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bodies in three queries at most, however many; the proposals come `as_seen()`."""
    catalog: Catalog = context["catalog"]
    user = context["request"].user
    evidence = _evidence({pk for proposal in proposals for pk in proposal.evidence}, ledger_id=ledger_id_of(user))
    waiting = [proposal for proposal in proposals if proposal.status == ProposalStatus.OPEN]
    measured = measure_impacts(
        [Rule(**p.rule) for p in waiting], ledger_id=ledger_id_of(user), catalog=catalog, user=user
    )
    radii = {proposal.pk: radius for proposal, radius in zip(waiting, measured, strict=True)}
    return [_describe(proposal, evidence, radii.get(proposal.pk), context) for proposal in proposals]


def _describe(
    proposal: Proposal, evidence: Mapping[int, Any], radius: Impact | None, context: Mapping[str, Any]
) -> dict[str, Any]:
    catalog: Catalog = context["catalog"]
    return {
        "id": proposal.pk,
        "status": proposal.status,
        "rule": describe_rule(Rule(**proposal.rule), context),
        "evidence": [evidence[pk] for pk in proposal.evidence if pk in evidence][:SHOWN],
        "because": because_of(proposal.phrase, n=len(proposal.evidence), category=catalog.name(proposal.category_id)),
        "blast_radius": describe_radius(radius, catalog) if radius is not None else None,
        "accepted_rule": proposal.accepted_rule_id,
        "created_at": proposal.created_at,
        "version": proposal.seen_version,
    }


def because_of(phrase: str, *, n: int, category: str) -> str:
    """Why a rule is proposed."""
    what = f"{n} transactions" if n > 1 else "a transaction"
    return f"You put {what} with “{phrase}” into {category}, which no machine had said."


def describe_suggested_rule(rule: Rule, radius: Impact, context: Mapping[str, Any]) -> dict[str, Any]:
    """The body of `propose-rule/`."""
    catalog: Catalog = context["catalog"]
    phrase, category = rule.conditions[0]["value"], catalog.name(rule.actions[0]["value"])
    body = describe_rule(rule, context) | {"blast_radius": describe_radius(radius, catalog)}
    return body | {"because": f"It has “{phrase}”, which names whom it was paid to or by, and belongs to {category}."}


def describe_rule(rule: Rule, context: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a rule that is not saved."""
    return UnsavedRuleSerializer(context=dict(context)).to_representation(rule)


def describe_radius(radius: Impact, catalog: Catalog) -> dict[str, Any]:
    """The body of a blast radius."""
    return {
        "touches": radius.touches,
        "agree": radius.agree,
        "disagree": radius.disagree,
        "examples": _rows(radius.touched, catalog),
        "counterexamples": _rows(radius.contradicting, catalog),
    }


def _rows(records: Iterable[StoredRow], catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "id": record.id,
            "date": record.day,
            "description": record.description,
            "category_name": catalog.name(record.category) or None,
        }
        for record in records
    ]


def _evidence(ids: set[int], *, ledger_id: int) -> dict[int, dict[str, Any]]:
    rows = Transaction.objects.filter(ledger_id=ledger_id, pk__in=ids).order_by("pk")
    return {row["id"]: row for row in rows.values("id", "date", "description")}
