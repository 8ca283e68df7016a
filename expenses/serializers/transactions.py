"""Transactions and their categorization in responses."""

from typing import Any

from rest_framework import serializers

from expenses.categorization.questions import IMPORT_SOURCE, Categorization, explain_categorization, explain_choice
from expenses.ledger.money import format_amount
from expenses.models import CategorizationStatus, Category, Review, Transaction
from expenses.serializers.fields import DecimalMoneyField
from expenses.serializers.model_answers import (
    OUTCOMES,
    ModelAnswerSerializer,
    describe_attempts,
    describe_model_answer,
)


class SuggestionSerializer(serializers.Serializer[Any]):
    """A category that a machine suggests without being sure enough to take it."""

    category = serializers.IntegerField()
    category_name = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]


class CategorizationSerializer(serializers.Serializer[Transaction]):
    """The source of a category, the probability that it is right, and an explanation."""

    status = serializers.ChoiceField(choices=CategorizationStatus.choices)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    explanation = serializers.CharField()
    awaits_model = serializers.BooleanField(help_text="The model is still to be asked, and may know better.")
    suggestion = SuggestionSerializer(allow_null=True)

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return describe_categorization(instance)


class AttemptSerializer(serializers.Serializer[Any]):
    """The answer of one link of the chain."""

    provider = serializers.CharField()
    version = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    category_name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    explanation = serializers.CharField()
    duration_ms = serializers.FloatField()
    details = serializers.DictField()


class TagNamesField(serializers.ListField):
    """The names of a transaction's tags, sorted."""

    child = serializers.CharField()

    def get_attribute(self, instance: Transaction) -> list[str]:
        return sorted(tag.name for tag in instance.tags.all())


class TransactionBody(serializers.Serializer[Transaction]):
    """A transaction as every list, answer and sync shows it.

    `describe_transaction` makes the same body several times as fast as the fields do one by one.
    """

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["expense", "income", "refund", "transfer"])
    direction = serializers.ChoiceField(choices=["in", "out"])
    amount = DecimalMoneyField(max_digits=13, decimal_places=4)
    currency = serializers.CharField()
    date = serializers.DateField()
    description = serializers.CharField()
    raw_description = serializers.CharField()
    merchant = serializers.CharField()
    account = serializers.IntegerField(allow_null=True, source="account_id")
    account_name = serializers.CharField(allow_null=True, source="account.name")
    category = serializers.IntegerField(allow_null=True, source="category_id")
    category_name = serializers.CharField(allow_null=True, source="category.display_name")
    tags = TagNamesField()
    payment_method = serializers.CharField(allow_null=True)
    iban = serializers.CharField(help_text="The IBAN of the counterparty.")
    mcc = serializers.CharField(help_text="The merchant category code of a card payment.")
    review = serializers.ChoiceField(choices=Review.choices, allow_null=True)
    is_excluded_from_budget = serializers.BooleanField(help_text="Totals count it, budgets do not.")
    notes = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    parent = serializers.IntegerField(allow_null=True, source="parent_id")  # type: ignore[assignment]
    is_split = serializers.BooleanField(help_text="Its parts count instead of it.")
    transfer = serializers.IntegerField(
        allow_null=True, source="transfer_id", help_text="The transfer of which this is one half."
    )
    version = serializers.IntegerField()
    categorization = CategorizationSerializer(source="*")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True, help_text="The time at which it was put into the bin.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"import": serializers.IntegerField(allow_null=True, source="run.subject")}

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return describe_transaction(instance)


def describe_transaction(row: Transaction) -> dict[str, Any]:
    """Return the body of a transaction that was read `with_related()`."""
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
    """The categorization as it is now, with its category and the time of the decision."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return {
            **super().to_representation(instance),
            "category": instance.category_id,
            "category_name": instance.category.display_name if instance.category else None,
            "decided_at": instance.decision.created_at if instance.decision else None,
        }


class ExplanationSerializer(serializers.Serializer[Transaction]):
    """Every link that was asked, its answer and confidence, and the reason why the chain stopped."""

    decision = DecisionSerializer(source="*")
    attempts = AttemptSerializer(many=True)
    model = ModelAnswerSerializer(allow_null=True, help_text="Null where the model was not asked.")

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return {
            "decision": DecisionSerializer(instance).data,
            "attempts": describe_attempts(instance),
            "model": describe_model_answer(instance),
        }


SPLIT = "Its parts count instead of it, each in a category of its own."
IN_FILE = "The imported file names this category."


def describe_categorization(row: Transaction) -> dict[str, Any]:
    """Return the `categorization` of a transaction's body."""
    standing = Categorization(
        row.review_status,
        row.category_id,
        row.suggested_category_id,
        row.category_source,
        row.category_confidence,
        row.is_awaiting_model,
    )
    return categorization_body(standing, suggested=row.suggested_category, explanation=_explanation(row, standing))


def categorization_body(
    categorization: Categorization, *, suggested: Category | None, explanation: str
) -> dict[str, Any]:
    """Return the body; source and confidence belong to the category, or else to the suggestion."""
    is_open = categorization.category is None
    return {
        "status": categorization.status,
        "source": None if is_open else categorization.source or None,
        "confidence": None if is_open else categorization.confidence,
        "explanation": explanation,
        "awaits_model": categorization.awaits_model,
        "suggestion": suggested
        and {
            "category": suggested.pk,
            "category_name": suggested.display_name,
            "confidence": categorization.confidence,
            "source": categorization.source,
        },
    }


def _explanation(row: Transaction, standing: Categorization) -> str:
    if row.is_split:
        return SPLIT
    if row.category_source == "user":
        choice = "You chose this category." if row.category_id else "You took the category away."
        return f"{choice} {explain_choice(row.decision)}".strip()
    explanation = row.decision.explanation if row.decision else "Nothing was asked about this text."
    if row.category_source == "transfers":
        explanation = "The same amount went out of one of your accounts and into another within three days."
    if row.category_source == IMPORT_SOURCE:
        return IN_FILE
    if row.category is not None and row.review_status == CategorizationStatus.CONFIRMED:
        confirmed = f"You confirmed {row.category.display_name}"
        return f"{confirmed}: {explanation}" if row.decision or row.category_source == "transfers" else f"{confirmed}."
    return explain_categorization(standing, explanation)
