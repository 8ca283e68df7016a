"""How a transaction and its categorization are shown."""

from typing import Any

from rest_framework import serializers

from expenses.categorization.questions import Categorization, worded
from expenses.ledger.money import format_amount
from expenses.models import CategorizationStatus, Category, Decision, Review, Transaction

CHOSEN_BY_USER = "You chose this category."
CLEARED_BY_USER = "You took the category away."
SPLIT = "Its parts count instead of it, each in a category of its own."
PAIRED = "The same amount went out of one of your accounts and into another within three days."


class SuggestionSerializer(serializers.Serializer[Any]):
    """What a machine would answer, but is not sure enough of."""

    category = serializers.IntegerField()
    category_name = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class CategorizationSerializer(serializers.Serializer[Any]):
    """Where a category comes from, how likely it is right, and why."""

    status = serializers.ChoiceField(choices=CategorizationStatus.choices)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    explanation = serializers.CharField()
    suggestion = SuggestionSerializer(allow_null=True)


class AttemptSerializer(serializers.Serializer[Any]):
    """What one link of the chain said."""

    provider = serializers.CharField()
    version = serializers.CharField()
    outcome = serializers.ChoiceField(
        choices=["answered", "unsure", "declined", "failed", "crashed", "skipped", "waiting"]
    )
    category_name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    explanation = serializers.CharField()
    duration_ms = serializers.FloatField()
    details = serializers.DictField()


class TransactionBody(serializers.Serializer[Transaction]):
    """A transaction as every list, answer and sync shows it.

    The fields are for the schema; the body is made by one function, several times as fast as field by field.
    """

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["expense", "income", "refund", "transfer"])
    direction = serializers.ChoiceField(choices=["in", "out"])
    amount = serializers.DecimalField(max_digits=13, decimal_places=4)
    currency = serializers.CharField()
    date = serializers.DateField()
    description = serializers.CharField()
    raw_description = serializers.CharField()
    merchant = serializers.CharField()
    account = serializers.IntegerField(allow_null=True)
    account_name = serializers.CharField(allow_null=True)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    payment_method = serializers.CharField(allow_null=True)
    iban = serializers.CharField(help_text="The account of whoever paid or was paid.")
    mcc = serializers.CharField(help_text="The merchant category code of a card payment.")
    review = serializers.ChoiceField(choices=Review.choices, allow_null=True)
    is_excluded_from_budget = serializers.BooleanField(help_text="Totals count it, budgets do not.")
    notes = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]
    is_split = serializers.BooleanField(help_text="Its parts count instead of it.")
    transfer = serializers.IntegerField(allow_null=True, help_text="The transfer that it is one half of.")
    version = serializers.IntegerField()
    categorization = CategorizationSerializer()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True, help_text="In the bin since.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"import": serializers.IntegerField(allow_null=True)}

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return describe_transaction(instance)


def describe_transaction(row: Transaction) -> dict[str, Any]:
    """The body of a transaction; the row comes `with_related()`."""
    return {
        "id": row.pk,
        "kind": row.kind,
        "direction": row.direction,
        "amount": format_amount(row.amount, row.currency),
        "currency": row.currency,
        "date": row.date,
        "description": row.description,
        "raw_description": row.raw_description,
        "merchant": row.merchant,
        "account": row.account_id,
        "account_name": row.account.name if row.account else None,
        "category": row.category_id,
        "category_name": row.category.display_name if row.category else None,
        "tags": sorted(tag.name for tag in row.tags.all()),
        "payment_method": row.payment_method,
        "iban": row.iban,
        "mcc": row.mcc,
        "review": row.review,
        "is_excluded_from_budget": row.is_excluded_from_budget,
        "notes": row.notes,
        "external_id": row.external_id,
        "parent": row.parent_id,
        "is_split": row.is_split,
        "transfer": row.transfer_id,
        "import": row.run.subject if row.run else None,
        "version": row.version,
        "categorization": describe_categorization(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deleted_at": row.deleted_at,
    }


class DecisionSerializer(CategorizationSerializer):
    """The decision as it stands today."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Every link asked, what it said, how sure it was, and why the chain stopped."""

    decision = DecisionSerializer()
    attempts = AttemptSerializer(many=True)


def describe_categorization(row: Transaction) -> dict[str, Any]:
    """The `categorization` of a transaction's body."""
    return categorization_body(
        standing=Categorization(
            row.review_status, row.category_id, row.suggested_category_id, row.category_source, row.category_confidence
        ),
        suggested=row.suggested_category,
        explanation=_explanation(row),
    )


def categorization_body(*, standing: Categorization, suggested: Category | None, explanation: str) -> dict[str, Any]:
    """The body of a standing: source and confidence belong to the category, or else to the suggestion."""
    is_open = standing.category is None
    return {
        "status": standing.status,
        "source": None if is_open else standing.source or None,
        "confidence": None if is_open else standing.confidence,
        "explanation": explanation,
        "suggestion": suggested
        and {
            "category": suggested.pk,
            "category_name": suggested.display_name,
            "confidence": standing.confidence,
            "source": standing.source,
        },
    }


def describe_decision(row: Transaction) -> dict[str, Any]:
    """The body of `explanation/`."""
    decision: Decision | None = row.decision
    return {
        "decision": {
            **describe_categorization(row),
            "category": row.category_id,
            "category_name": row.category.display_name if row.category else None,
            "decided_at": decision.created_at if decision else None,
        },
        "attempts": decision.attempts if decision else [],
    }


def _explanation(row: Transaction) -> str:
    if row.is_split:
        return SPLIT
    if row.category_source == "transfers":
        return worded(PAIRED, status=row.review_status, confidence=row.category_confidence)
    if row.category_source == "user":
        return CHOSEN_BY_USER if row.category_id else CLEARED_BY_USER
    explanation = row.decision.explanation if row.decision else "Nothing was asked about this text."
    return worded(explanation, status=row.review_status, confidence=row.category_confidence)
