"""TODO."""

from typing import Any

from rest_framework import serializers

from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import today_of
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION
from expenses.models import DESCRIPTION_LENGTH, CategorizationStatus
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import AccountReference, AmountField, CurrencyField, DayField
from expenses.serializers.transactions import AttemptSerializer
from providers.interface import Question

MAX_QUESTIONS = 100


class QuestionInput(serializers.Serializer[Any]):
    """A text, and what else is known of the payment."""

    description = serializers.CharField(max_length=DESCRIPTION_LENGTH)
    kind = serializers.ChoiceField(choices=list(CATEGORY_KIND), required=False)
    direction = serializers.ChoiceField(choices=["in", "out"], required=False)
    amount = AmountField(required=False, allow_null=True)
    currency = CurrencyField(required=False)
    date = DayField(required=False)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    account = AccountReference(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, direction = attrs.get("kind", ""), attrs.get("direction")
        implied = DIRECTION.get(kind)
        if implied and direction and implied != direction:
            raise serializers.ValidationError({"direction": f"An {kind} is money {implied}."}, code="wrong_direction")
        return attrs

    def question(self, fields: dict[str, Any]) -> Question:
        """What the chain is asked; `fields` are validated."""
        user, account, kind = self.context["request"].user, fields.get("account"), fields.get("kind")
        direction = fields.get("direction") or DIRECTION.get(kind or "", "out")
        catalog: Catalog = self.context["catalog"]
        return Question(
            description=fields["description"],
            categories=catalog.offered(direction, kind),
            owner=ledger_id_of(user),
            direction=direction,
            merchant=fields.get("merchant", ""),
            amount=fields.get("amount"),
            currency=fields.get("currency") or (account.currency if account else user.base_currency),
            date=fields.get("date") or today_of(user),
            account=account.pk if account else None,
            country=account.country if account else "",
            kinds=catalog.kinds,
            trust=catalog.trust,
        )


class SuggestInput(QuestionInput):
    """One question, or a list of them under `transactions`."""

    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    use_model = serializers.BooleanField(default=True)
    transactions = QuestionInput(many=True, required=False, max_length=MAX_QUESTIONS)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("description" in attrs) == ("transactions" in attrs):
            raise serializers.ValidationError({"description": "Give `description` or `transactions`."}, "required")
        return super().validate(attrs)


class AlternativeSerializer(serializers.Serializer[Any]):
    """Another category that was thought of."""

    category_name = serializers.CharField()
    confidence = serializers.FloatField()


class SuggestAnswer(serializers.Serializer[Any]):
    """The likeliest category. For a list of questions: `results` with one such body each."""

    status = serializers.ChoiceField(
        choices=[s for s in CategorizationStatus.values if s != CategorizationStatus.CONFIRMED]
    )
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    rationale = serializers.CharField()
    alternatives = AlternativeSerializer(many=True)
    attempts = AttemptSerializer(many=True)
