"""Query parameters, input and bodies of recurring payments and the feedback on them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.models import Transaction
from expenses.serializers.fields import DayField, KeywordNames
from expenses.serializers.rates import AllRatesInput, RatesUsedSerializer
from insights.models import (
    NAME_LENGTH,
    RecurringChoice,
    RecurringKind,
    RecurringStatus,
    RecurringVerdict,
    RhythmChoice,
)
from insights.serializers.amounts import FormattedAmount
from insights.serializers.freshness import ComparedWithSerializer
from insights.serializers.parameters import NO_CATEGORY_HELP, CategoryOrNone


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
