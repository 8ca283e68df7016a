"""Asking the chain, and looking at it."""

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.categorization.suggestions import suggest_categories
from expenses.categorization.trust import load_trust
from expenses.ledger.dates import today_of
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION
from expenses.models import DESCRIPTION_LENGTH, CategorizationStatus
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import AccountReference, AmountField, CurrencyField
from expenses.serializers.transaction_input import DayField
from expenses.serializers.transactions import AttemptSerializer
from expenses.views.permissions import MayWriteLedger
from providers.breaker import CacheBreaker
from providers.interface import Transaction
from providers.links import Link
from providers.loading import configured_chain

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

    def question(self, fields: dict[str, Any]) -> Transaction:
        """What the chain is asked; `fields` are validated."""
        user, account, kind = self.context["request"].user, fields.get("account"), fields.get("kind")
        direction = fields.get("direction") or DIRECTION.get(kind or "", "out")
        catalog: Catalog = self.context["catalog"]
        return Transaction(
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


class SuggestView(APIView):
    """What category a text would get; nothing is written."""

    permission_classes = [IsAuthenticated]
    rates = {"post": "suggest"}

    @extend_schema(operation_id="categorization_suggest", request=SuggestInput, responses=SuggestAnswer)
    def post(self, request: Request) -> Response:
        user = cast("User", request.user)
        catalog = Catalog.load_for(user)
        context = {"request": request, "catalog": catalog}
        body = SuggestInput(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        many = fields.get("transactions", [fields])
        answers = suggest_categories(
            questions=[body.question(one) for one in many], catalog=catalog, use_model=fields["use_model"]
        )
        return Response({"results": answers} if "transactions" in fields else answers[0])


class BreakerSerializer(serializers.Serializer[Any]):
    """Open: the link kept failing, and is left alone for a minute."""

    state = serializers.ChoiceField(choices=["closed", "open"])
    n_failures = serializers.IntegerField()
    last_error = serializers.CharField(allow_null=True)


class LinkSerializer(serializers.Serializer[Any]):
    """One link of the chain."""

    name = serializers.CharField()
    version = serializers.CharField()
    backend = serializers.CharField()
    min_confidence = serializers.FloatField(help_text="The setting's threshold.")
    threshold = serializers.FloatField(help_text="From which confidence its answers are taken in your ledger.")
    deferred = serializers.BooleanField()
    health = serializers.ChoiceField(choices=["ok", "failing"])
    breaker = BreakerSerializer()


class ChainAnswer(serializers.Serializer[Any]):
    """The links in the order in which they are asked."""

    links = LinkSerializer(many=True)


class ChainView(APIView):
    """The links, their versions, thresholds and health."""

    permission_classes = [IsAuthenticated, MayWriteLedger]

    @extend_schema(operation_id="categorization_chain", responses=ChainAnswer)
    def get(self, request: Request) -> Response:
        own = load_trust(ledger_id_of(cast("User", request.user))).thresholds
        entries = zip(configured_chain().links, settings.CATEGORIZATION_PROVIDERS, strict=True)
        return Response({"links": [_describe(link, entry["BACKEND"], own) for link, entry in entries]})


def _describe(link: Link, backend: str, own: Mapping[str, float]) -> dict[str, Any]:
    breaker = CacheBreaker().describe(link.provider.name)
    return {
        "name": link.provider.name,
        "version": link.provider.version,
        "backend": backend,
        "min_confidence": link.min_confidence,
        "threshold": own.get(link.provider.name, link.min_confidence),
        "deferred": link.is_deferred,
        "health": "failing" if breaker["n_failures"] else "ok",
        "breaker": breaker,
    }
