"""Suggestions of categories in the API: the questions of a client and the answers."""

from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import attempts_as_json, candidates_of, categorization_of, explain, text_question
from expenses.categorization.suggestions import is_being_asked
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION
from expenses.models import DESCRIPTION_LENGTH, CategorizationStatus
from expenses.models.accounts import common_country
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import AccountReference, AmountField, CurrencyField, DayField
from expenses.serializers.transactions import AttemptSerializer
from providers.chain import ASK_AGAIN_S, Verdict
from providers.interface import Direction, Question


class QuestionInput(StrictSerializer):
    """A text and other known details of a payment."""

    description = serializers.CharField(max_length=DESCRIPTION_LENGTH)
    kind = serializers.ChoiceField(choices=list(CATEGORY_KIND), required=False)
    direction = serializers.ChoiceField(choices=["in", "out"], required=False)
    amount = AmountField(required=False, allow_null=True)
    currency = CurrencyField(required=False)
    date = DayField(required=False)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    account = AccountReference(
        required=False,
        allow_null=True,
        help_text="Without it, the country is that of your accounts, if all that name a country name the same.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, direction = attrs.get("kind", ""), attrs.get("direction")
        implied = DIRECTION.get(kind)
        if implied and direction and implied != direction:
            raise serializers.ValidationError({"direction": f"An {kind} is money {implied}."}, code="wrong_direction")
        return attrs


class SuggestInput(QuestionInput):
    """One question, or a list of questions under `transactions`."""

    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    use_model = serializers.BooleanField(default=True)
    transactions = QuestionInput(many=True, required=False, max_length=100)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("description" in attrs) == ("transactions" in attrs):
            raise serializers.ValidationError({"description": "Give `description` or `transactions`."}, "required")
        return super().validate(attrs)

    def questions(self) -> list[Question]:
        """Return the questions to the chain. Call it after `is_valid`."""
        user, catalog = self.context["request"].user, self.context["catalog"]
        today, questions = user.today(), []
        given = self.validated_data.get("transactions", [self.validated_data])
        is_account_missing = any(fields.get("account") is None for fields in given)
        assumed = common_country(ledger_id_of(user)) if is_account_missing else ""
        for fields in given:
            account = fields.get("account")
            direction: Direction = fields.get("direction") or DIRECTION.get(fields.get("kind", ""), "out")
            known = {"currency": account.currency if account else user.base_currency, "date": today, **fields}
            country = account.country if account else assumed
            questions.append(
                text_question(known, catalog=catalog, direction=direction, account=account, country=country)
            )
        return questions


class AlternativeSerializer(serializers.Serializer[Any]):
    """Another possible category."""

    category_name = serializers.CharField()
    confidence = serializers.FloatField()


class SuggestAnswer(serializers.Serializer[Any]):
    """The likeliest category. For a list of questions, `results` holds one such body for each."""

    status = serializers.ChoiceField(
        choices=[s for s in CategorizationStatus.values if s != CategorizationStatus.CONFIRMED]
    )
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    retry_after_s = serializers.IntegerField(
        allow_null=True, help_text="While the model is asked: seconds after which the same request may find its answer."
    )
    rationale = serializers.CharField()
    alternatives = AlternativeSerializer(many=True)
    attempts = AttemptSerializer(many=True)

    def to_representation(self, instance: Verdict) -> dict[str, Any]:
        catalog: Catalog = self.context["catalog"]
        categorization, best = categorization_of(instance), instance.best
        category = categorization.category or categorization.suggested_category
        answered = best.suggestion.category if best and best.suggestion else None
        others = [pair for pair in candidates_of(instance) if pair[0] != answered]
        return {
            "status": categorization.status,
            "category": category if catalog.name(category) else None,
            "category_name": catalog.name(category) or None,
            "confidence": categorization.confidence,
            "source": categorization.source or None,
            "retry_after_s": ASK_AGAIN_S if is_being_asked(instance) else None,
            "rationale": best.explanation if best else explain(instance),
            "alternatives": [
                {"category_name": catalog.name(other), "confidence": round(confidence, 4)}
                for other, confidence in others[:5]
            ],
            "attempts": attempts_as_json(instance.attempts, catalog=catalog),
        }
