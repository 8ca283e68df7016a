"""Query parameters, input and bodies of recurring payments and the feedback on them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.serializers.fields import DayField, KeywordNames
from expenses.serializers.rates import AllRatesInput, RatesUsedSerializer
from insights.calendars import MONTHS_OF_A_YEAR
from insights.models import (
    NAME_LENGTH,
    RecurringChoice,
    RecurringKind,
    RecurringPayment,
    RecurringStatus,
    RecurringVerdict,
    RhythmChoice,
)
from insights.querysets import payee_of_row
from insights.recurring.rhythms import RhythmName, times_a_year
from insights.serializers.amounts import FormattedAmount
from insights.serializers.freshness import ComparedWithSerializer
from insights.serializers.parameters import NO_CATEGORY_HELP, CategoryOrNone
from insights.services.feedback import choices_by_payment


class RecurringQuery(AllRatesInput):
    """Query parameters of the list."""

    status = serializers.ChoiceField(choices=RecurringStatus.choices, required=False)
    verdict = serializers.ChoiceField(
        choices=RecurringVerdict.choices, required=False, help_text="Without it, all but the rejected ones."
    )
    kind = serializers.ChoiceField(choices=RecurringKind.choices, required=False)
    rhythm = serializers.ChoiceField(choices=RhythmChoice.choices, required=False)
    category = CategoryOrNone(required=False, help_text=NO_CATEGORY_HELP)
    due_until = DayField(required=False, help_text="Payments that are due on this day or earlier.")


class RecurringChoiceInput(StrictSerializer):
    """A user's verdict on a recurring payment."""

    verdict = serializers.ChoiceField(
        choices=RecurringVerdict.choices,
        help_text="`confirmed`: count on it, however irregular it looks; `rejected`: never show it again.",
    )
    name = serializers.CharField(
        max_length=NAME_LENGTH, required=False, default="", allow_blank=True, help_text="What you call it."
    )


class RecurringChoiceSerializer(serializers.Serializer[RecurringChoice]):
    """Feedback on a recurring payment: its transactions, payee and amounts then."""

    id = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=RecurringVerdict.choices)
    name = serializers.CharField(allow_blank=True)
    payee = serializers.CharField()
    kind = serializers.ChoiceField(choices=RecurringKind.choices)
    rhythm = serializers.ChoiceField(choices=RhythmChoice.choices)
    low = FormattedAmount(read_only=True)
    high = FormattedAmount(read_only=True)
    currency = serializers.CharField()
    payments = serializers.ListField(source="transactions", child=serializers.IntegerField())
    decided_at = serializers.DateTimeField(source="given_at")


@dataclass(frozen=True, slots=True)
class RecurringEntry:
    """A recurring payment of the list, with the feedback that holds for it and names as the ledger writes them."""

    row: RecurringPayment
    choice: RecurringChoice | None
    payee: str = ""
    category_name: str | None = None
    #: All its transactions, for the detail.
    payments: Sequence[Transaction] = ()

    @property
    def name(self) -> str:
        return self.choice.name if self.choice and self.choice.name else self.payee

    @property
    def currency(self) -> str:
        return self.row.currency

    @property
    def n_payments(self) -> int:
        return len(self.row.payments)

    @property
    def verdict(self) -> str | None:
        return self.choice.verdict if self.choice else None

    @property
    def status(self) -> str:
        """The stored status; a confirmed payment is mature before it is computed anew."""
        is_confirmed = self.verdict == RecurringVerdict.CONFIRMED and self.row.status == RecurringStatus.EARLY
        return RecurringStatus.MATURE.value if is_confirmed else self.row.status

    @property
    def yearly_cost(self) -> Decimal:
        return self.row.amount * Decimal(str(times_a_year(cast("RhythmName", self.row.rhythm))))

    @property
    def monthly_cost(self) -> Decimal:
        return self.yearly_cost / MONTHS_OF_A_YEAR

    @property
    def in_base(self) -> "BaseAmounts":
        """Its amounts in the currency of the ledger's founder."""
        row = self.row
        amounts = (amount * row.rate for amount in (row.amount, row.low, row.high, self.monthly_cost))
        return BaseAmounts(row.base_currency or row.currency, *amounts)


@dataclass(frozen=True, slots=True)
class BaseAmounts:
    """Amounts of a recurring payment at the rate of its last payment."""

    currency: str
    amount: Decimal
    low: Decimal
    high: Decimal
    monthly_cost: Decimal


class PriceChangeSerializer(KeywordNames):
    """The last change of the price; `to` may be less."""

    from_ = serializers.CharField()
    to = serializers.CharField()
    on = serializers.DateField()


class BaseAmountsSerializer(serializers.Serializer[Any]):
    """Amounts in the currency of the ledger's founder, at the rate of the last payment."""

    currency = serializers.CharField()
    amount = FormattedAmount()
    low = FormattedAmount()
    high = FormattedAmount()
    monthly_cost = FormattedAmount()


class RecurringSerializer(serializers.Serializer[Any]):
    """Payments to or from one payee that come again and again."""

    id = serializers.IntegerField(source="row.pk")
    name = serializers.CharField(help_text="As you call it, else as the payee is written.")
    payee = serializers.CharField()
    kind = serializers.ChoiceField(source="row.kind", choices=RecurringKind.choices)
    category = serializers.IntegerField(source="row.category_id", allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    rhythm = serializers.ChoiceField(source="row.rhythm", choices=RhythmChoice.choices)
    currency = serializers.CharField(help_text="The currency in which it is paid; its amounts are in it.")
    amount = FormattedAmount(
        source="row.amount", help_text="What it will probably be: the latest price, or the usual amount."
    )
    low = FormattedAmount(source="row.low", help_text="The next one is expected between `low` and `high`.")
    high = FormattedAmount(source="row.high")
    is_varying = serializers.BooleanField(source="row.is_varying")
    monthly_cost = FormattedAmount(help_text="What it comes to in a month; of an income, what it brings.")
    in_base = BaseAmountsSerializer()
    status = serializers.ChoiceField(
        choices=RecurringStatus.choices, help_text="`early`: perhaps; `mature`: to be counted on; `ended`: no more."
    )
    confidence = serializers.FloatField(
        source="row.confidence", help_text="The probability that the next comes on time, within 10 % of amount."
    )
    verdict = serializers.ChoiceField(choices=RecurringVerdict.choices, allow_null=True)
    first_on = serializers.DateField(source="row.first_on")
    last_on = serializers.DateField(source="row.last_on")
    next_on = serializers.DateField(source="row.next_on", allow_null=True)
    window_days = serializers.IntegerField(
        source="row.window_days", help_text="So many days before or after `next_on` it is on time."
    )
    missed = serializers.ListField(
        source="row.missed", child=serializers.DateField(), help_text="Due, and nothing came."
    )
    raised = PriceChangeSerializer(source="row.raised", allow_null=True)
    doubled = serializers.ListField(
        source="row.doubled",
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Ids of a payment and of a second one of the same due date.",
    )
    n_payments = serializers.IntegerField()
    choice = RecurringChoiceSerializer(allow_null=True)


class RecurringTransactionSerializer(serializers.Serializer[Transaction]):
    """One of its payments, in the currency that it was paid in."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = FormattedAmount()
    currency = serializers.CharField()


class RecurringDetailSerializer(RecurringSerializer):
    """A recurring payment, with what was paid."""

    payments = RecurringTransactionSerializer(many=True)


class CostSerializer(serializers.Serializer[Any]):
    """Costs by month and by year."""

    month = serializers.CharField()
    year = serializers.CharField()


class RecurringTotalsSerializer(serializers.Serializer[Any]):
    """Mature payments of all pages that the filters leave."""

    expense = CostSerializer()
    income = CostSerializer()


@extend_schema_serializer(many=False)
class RecurringListSerializer(RatesUsedSerializer):
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
    history = ComparedWithSerializer()
    recorded_until = serializers.DateField(
        allow_null=True, help_text="The last day with a payment: what is due later is not missed yet."
    )


def total_costs(entries: Iterable[RecurringEntry], *, currency: str) -> dict[str, Any]:
    """Return what mature payments come to in a month and in a year, by their kind, in the founder's currency."""
    years = dict.fromkeys(RecurringKind.values, Decimal(0))
    for entry in entries:
        if entry.status == RecurringStatus.MATURE:
            years[entry.row.kind] += entry.yearly_cost * entry.row.rate
    return {
        kind: {"month": format_amount(year / MONTHS_OF_A_YEAR, currency), "year": format_amount(year, currency)}
        for kind, year in years.items()
    }


def list_recurring(*, ledger_id: int, query: Mapping[str, Any]) -> list[RecurringEntry]:
    """Return the recurring payments that the valid parameters select: the next due first, ended ones last."""
    choices = choices_by_payment(ledger_id=ledger_id)
    entries = [RecurringEntry(row, choices.get(row.pk)) for row in RecurringPayment.objects.filter(ledger=ledger_id)]
    wanted = [entry for entry in entries if _is_wanted(entry, query)]
    return sorted(wanted, key=lambda one: (one.row.next_on or dt.date.max, -one.row.confidence, one.row.pk))


def name_recurring(entries: Sequence[RecurringEntry], *, catalog: Catalog) -> Sequence[RecurringEntry]:
    """Name payees as their last transactions do, and categories. Takes one query."""
    rows = payments_of([entry.row.payments[-1] for entry in entries], ledger_id=catalog.ledger_id)
    named = []
    for entry in entries:
        last = rows.get(entry.row.payments[-1])
        payee = payee_of_row(last) if last else entry.row.payee
        named.append(replace(entry, payee=payee, category_name=catalog.name(entry.row.category_id) or None))
    return named


def payments_of(ids: Sequence[int], *, ledger_id: int | None) -> dict[int, Transaction]:
    """Return transactions of a ledger by id, with the columns that recurring payments show."""
    rows = Transaction.objects.filter(ledger=ledger_id, pk__in=ids)
    return {row.pk: row for row in rows.only("date", "amount", "currency", "description", "merchant", "match_text")}


def _is_wanted(entry: RecurringEntry, query: Mapping[str, Any]) -> bool:
    if "verdict" not in query and entry.verdict == RecurringVerdict.REJECTED:
        return False
    row = entry.row
    if "due_until" in query and (row.next_on is None or row.next_on > query["due_until"]):
        return False
    own: dict[str, Any] = {"verdict": entry.verdict, "status": entry.status, "kind": row.kind, "rhythm": row.rhythm}
    own |= {"category": row.category_id}
    return all(own[name] == getattr(value, "pk", value) for name, value in query.items() if name in own)
