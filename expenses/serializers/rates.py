"""Currencies, exchange rates and conversions in the API."""

import datetime as dt
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.ledger.money import Money
from expenses.models.rates import ExchangeRate
from expenses.rates.conversion import SIGNIFICANT_DIGITS, Conversion, format_rate
from expenses.serializers.fields import (
    DECIMAL,
    AmountField,
    CurrencyField,
    DayField,
    KeywordNames,
    MoneyField,
    RateTextField,
    check_minor_units,
    user_of,
)

#: Bounds of a rate; each is roughly the inverse of the other.
LEAST, MOST = Decimal("0.000000001"), Decimal(999_999_999)
#: Rates that a report names unless it is asked for all of them.
N_RATES_SHOWN = 100


class CurrencySerializer(serializers.Serializer[Any]):
    """A currency. `has_rates` counts rates of the ECB and your own; the two days are those of the ECB's rates."""

    code = serializers.CharField()
    name = serializers.CharField()
    symbol = serializers.CharField()
    minor_units = serializers.IntegerField()
    is_current = serializers.BooleanField()
    has_rates = serializers.BooleanField()
    ecb_from = serializers.DateField(allow_null=True)
    ecb_through = serializers.DateField(allow_null=True)


class RateField(serializers.DecimalField):
    """A positive decimal string with at most 15 significant digits."""

    default_error_messages = {
        "invalid": "Write a rate in digits, with a point: 0.9194.",
        "out_of_range": f"Give a rate from {LEAST:f} to {MOST}.",
        "too_many_digits": f"Give at most {SIGNIFICANT_DIGITS} significant digits.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=24, decimal_places=15, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and not DECIMAL.fullmatch(data.strip()):
            self.fail("invalid")
        rate = super().to_internal_value(data)
        if not LEAST <= rate <= MOST:
            self.fail("out_of_range")
        if len(rate.normalize().as_tuple().digits) > SIGNIFICANT_DIGITS:
            self.fail("too_many_digits")
        return rate

    def to_representation(self, value: Decimal) -> str:
        return format_rate(value)


class RateSerializer(StrictSerializer, serializers.ModelSerializer[ExchangeRate]):
    """An exchange rate: on `date`, one unit of `base` was worth `rate` units of `quote`."""

    base = CurrencyField()
    quote = CurrencyField()
    date = DayField()
    rate = RateField()

    class Meta:
        model = ExchangeRate
        fields = ["id", "base", "quote", "date", "rate", "source", "version"]
        read_only_fields = ["source", "version"]

    def validate_date(self, value: dt.date) -> dt.date:
        if value > user_of(self).today():
            raise serializers.ValidationError("Rates of future days are not known yet.", code="future")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        base, quote, date = (attrs.get(name, getattr(self.instance, name, None)) for name in ("base", "quote", "date"))
        if base == quote:
            raise serializers.ValidationError({"quote": "Give another currency than `base`."}, code="same_currency")
        own = ExchangeRate.objects.for_user(user_of(self)).exclude(ledger=None)
        if self.instance is not None:
            own = own.exclude(pk=self.instance.pk)
        taken = own.filter(date=date, base__in=[base, quote], quote__in=[base, quote]).first()
        if taken is not None:
            detail = (
                f"You have a rate from {taken.base} to {taken.quote} of {date}; change that one: rates/{taken.pk}/."
            )
            raise serializers.ValidationError({"date": detail}, code="unique")
        return attrs


class ConversionInput(KeywordNames):
    """Query parameters of a conversion; `to` is your base currency and `date` is today unless given."""

    amount = AmountField()
    to = CurrencyField(required=False)
    date = DayField(required=False)
    from_ = CurrencyField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user, amount, currency = user_of(self), attrs["amount"], attrs["from"]
        check_minor_units(amount, currency)
        to, day = attrs.get("to", user.base_currency), attrs.get("date", user.today())
        return {"money": Money(amount, currency), "to": to, "day": day}


class OriginalSerializer(serializers.Serializer[Money]):
    """The amount before its conversion."""

    amount = MoneyField()
    currency = serializers.CharField()


class ConversionSerializer(serializers.Serializer[Conversion]):
    """The worth of an amount on `date`, at the rate of `rate_date`, by way of the currencies of `path`."""

    amount = MoneyField(source="money.amount")
    currency = serializers.CharField(source="money.currency")
    date = serializers.DateField(source="day")
    original = OriginalSerializer()
    rate = RateTextField()
    rate_date = serializers.DateField()
    source = serializers.ChoiceField(choices=["same", "manual", "ecb"])  # type: ignore[assignment]
    path = serializers.ListField(child=serializers.CharField())


class NamedRateSerializer(KeywordNames):
    """A rate that a report used: on `day`, one unit of `from` was worth `rate` units of `to`."""

    from_ = serializers.CharField()
    to = serializers.CharField()
    rate = serializers.CharField()
    day = serializers.DateField(help_text="The day of the rate; it may be earlier than that of a transaction.")
    source = serializers.ChoiceField(choices=["ecb", "manual"])  # type: ignore[assignment]


class RatesUsedSerializer(serializers.Serializer[Any]):
    """The rates of a report, as its last fields."""

    rates_used = NamedRateSerializer(
        source="rates.rates_used",
        many=True,
        help_text=f"Each rate that was used, the newest first; {N_RATES_SHOWN} at most without `all_rates`.",
    )
    rates_url = serializers.URLField(
        source="rates.rates_url",
        allow_null=True,
        help_text="The same report with all its rates; null if all of them are listed.",
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return dict(sorted(fields.items(), key=lambda item: item[0] in RatesUsedSerializer._declared_fields))


class AllRatesInput(HelpfulSerializer):
    """The query parameter of a report for all its rates."""

    all_rates = serializers.BooleanField(
        default=False, help_text=f"Whether `rates_used` lists all rates, also more than {N_RATES_SHOWN}."
    )


def cut_rates(body: dict[str, Any], *, request: Request) -> dict[str, Any]:
    """Return the body of a report with its newest rates, and a link to all of them if these are more."""
    wants_all = request.query_params.get("all_rates") in serializers.BooleanField.TRUE_VALUES
    if wants_all or len(body["rates_used"]) <= N_RATES_SHOWN:
        return body
    url = replace_query_param(request.build_absolute_uri(), "all_rates", "true")
    return {**body, "rates_used": body["rates_used"][:N_RATES_SHOWN], "rates_url": url}
