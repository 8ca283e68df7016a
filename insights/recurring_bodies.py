"""How recurring payments and what is said of them are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.serializers.fields import DayField
from insights.models import (
    NAME_LENGTH,
    RecurringChoice,
    RecurringKind,
    RecurringPayment,
    RecurringStatus,
    RecurringVerdict,
    RhythmChoice,
)
from insights.recurring import RhythmName, times_a_year
from insights.serializers.parameters import NO_CATEGORY_HELP, NUMBERED_LIST_PARAMETERS, CategoryOrNone

MONTHS_OF_A_YEAR = 12


class RecurringQuery(StrictSerializer):
    """What narrows the list."""

    ignored_fields = NUMBERED_LIST_PARAMETERS

    status = serializers.ChoiceField(choices=RecurringStatus.choices, required=False)
    verdict = serializers.ChoiceField(
        choices=RecurringVerdict.choices, required=False, help_text="Without it, all but the rejected ones."
    )
    kind = serializers.ChoiceField(choices=RecurringKind.choices, required=False)
    rhythm = serializers.ChoiceField(choices=RhythmChoice.choices, required=False)
    category = CategoryOrNone(required=False, help_text=NO_CATEGORY_HELP)
    due_until = DayField(required=False, help_text="Those whose next payment is due on this day or earlier.")


class RecurringChoiceInput(StrictSerializer):
    """What a person says of a recurring payment."""

    verdict = serializers.ChoiceField(
        choices=RecurringVerdict.choices,
        help_text="`confirmed`: count on it, however irregular it looks; `rejected`: never show it again.",
    )
    name = serializers.CharField(
        max_length=NAME_LENGTH, required=False, default="", allow_blank=True, help_text="What you call it."
    )


class RecurringChoiceSerializer(serializers.Serializer[RecurringChoice]):
    """What a person said, of which payments, and of which payee and amounts."""

    id = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=RecurringVerdict.choices)
    name = serializers.CharField(allow_blank=True)
    payee = serializers.CharField()
    kind = serializers.ChoiceField(choices=RecurringKind.choices)
    rhythm = serializers.ChoiceField(choices=RhythmChoice.choices)
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()
    currency = serializers.CharField()
    payments = serializers.ListField(source="transactions", child=serializers.IntegerField())
    decided_at = serializers.DateTimeField(source="given_at")

    def get_low(self, choice: RecurringChoice) -> str:
        return format_amount(choice.low, choice.currency)

    def get_high(self, choice: RecurringChoice) -> str:
        return format_amount(choice.high, choice.currency)


class PriceChangeSerializer(serializers.Serializer[Any]):
    """The last change of the price; `to` may be less."""

    to = serializers.CharField()
    on = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField()} | super().get_fields()


class RecurringSerializer(serializers.Serializer[Any]):
    """Payments to or from one payee that come again and again."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="As you call it, else as the payee is written.")
    payee = serializers.CharField()
    kind = serializers.ChoiceField(choices=RecurringKind.choices)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    rhythm = serializers.ChoiceField(choices=RhythmChoice.choices)
    currency = serializers.CharField()
    amount = serializers.CharField(help_text="What it will probably be: the latest price, or the usual amount.")
    low = serializers.CharField(help_text="The next one is expected between `low` and `high`.")
    high = serializers.CharField()
    is_varying = serializers.BooleanField()
    monthly_cost = serializers.CharField(help_text="What it comes to in a month; of an income, what it brings.")
    status = serializers.ChoiceField(
        choices=RecurringStatus.choices, help_text="`early`: perhaps; `mature`: to be counted on; `ended`: no more."
    )
    confidence = serializers.FloatField(help_text="The probability that the next comes on time, within 10 % of amount.")
    verdict = serializers.ChoiceField(choices=RecurringVerdict.choices, allow_null=True)
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    next_on = serializers.DateField(allow_null=True)
    window_days = serializers.IntegerField(help_text="So many days before or after `next_on` it is on time.")
    missed = serializers.ListField(child=serializers.DateField(), help_text="Due, and nothing came.")
    raised = PriceChangeSerializer(allow_null=True)
    doubled = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Ids of a payment and of a second one of the same due date.",
    )
    n_payments = serializers.IntegerField()
    choice = RecurringChoiceSerializer(allow_null=True)


class RecurringTransactionSerializer(serializers.Serializer[Any]):
    """One of its payments."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = serializers.CharField()
    currency = serializers.CharField()


class RecurringDetailSerializer(RecurringSerializer):
    """A recurring payment, with what was paid."""

    payments = RecurringTransactionSerializer(many=True)


class CostSerializer(serializers.Serializer[Any]):
    """What it comes to in a month and in a year."""

    month = serializers.CharField()
    year = serializers.CharField()


class RecurringTotalsSerializer(serializers.Serializer[Any]):
    """Of all that the filters leave, on every page: what is mature."""

    expense = CostSerializer()
    income = CostSerializer()


@extend_schema_serializer(many=False)
class RecurringListSerializer(serializers.Serializer[Any]):
    """A page of recurring payments, the next due first, and how fresh they are."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RecurringSerializer(many=True)
    totals = RecurringTotalsSerializer()
    currency = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(help_text="Something was written since; a worker is at it. Ask again soon.")
    n_unconverted = serializers.IntegerField(help_text="Transactions left out because a rate is missing.")
    recorded_until = serializers.DateField(
        allow_null=True, help_text="The last day with a payment: what is due later is not missed yet."
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A recurring payment with what was said of it."""

    row: RecurringPayment
    choice: RecurringChoice | None

    @property
    def verdict(self) -> str | None:
        return self.choice.verdict if self.choice else None

    @property
    def status(self) -> str:
        """What its owner confirms is mature before it is computed anew."""
        is_confirmed = self.verdict == RecurringVerdict.CONFIRMED and self.row.status == RecurringStatus.EARLY
        return RecurringStatus.MATURE.value if is_confirmed else self.row.status

    @property
    def yearly(self) -> Decimal:
        return self.row.amount * Decimal(str(times_a_year(cast("RhythmName", self.row.rhythm))))


def describe_recurring(one: Shown, catalog: Catalog, names: Mapping[int, str]) -> dict[str, Any]:
    """The body. `names`: as the ledger writes its payee, by the id of its last payment."""
    row, choice = one.row, one.choice
    payee = names.get(row.payments[-1], row.payee)
    category = catalog.categories.get(row.category_id) if row.category_id else None
    amounts = {"amount": row.amount, "low": row.low, "high": row.high, "monthly_cost": one.yearly / MONTHS_OF_A_YEAR}
    plain = ("kind", "rhythm", "currency", "is_varying", "first_on", "last_on", "next_on", "window_days", "missed")
    return {
        "id": row.pk,
        "name": choice.name if choice and choice.name else payee,
        "payee": payee,
        "category": row.category_id,
        "category_name": category.display_name if category else None,
        **{name: getattr(row, name) for name in plain},
        **{name: format_amount(amount, row.currency) for name, amount in amounts.items()},
        "status": one.status,
        "confidence": row.confidence,
        "verdict": one.verdict,
        "raised": row.raised,
        "doubled": row.doubled,
        "n_payments": len(row.payments),
        "choice": RecurringChoiceSerializer(choice).data if choice else None,
    }


def describe_payment(row: Transaction) -> dict[str, Any]:
    """One of its payments, in the currency that it was paid in."""
    amount = format_amount(row.amount, row.currency)
    return {"id": row.pk, "date": row.date, "amount": amount, "currency": row.currency}


def describe_costs(found: Iterable[Shown], *, currency: str) -> dict[str, Any]:
    """What is mature comes to in a month and in a year."""
    active = [one for one in found if one.status == RecurringStatus.MATURE]
    return {
        str(kind): _cost([one for one in active if one.row.kind == kind], currency) for kind in RecurringKind.values
    }


def _cost(active: Iterable[Shown], currency: str) -> dict[str, str]:
    year = sum((one.yearly for one in active), Decimal(0))
    return {"month": format_amount(year / MONTHS_OF_A_YEAR, currency), "year": format_amount(year, currency)}
