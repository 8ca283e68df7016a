"""Shapes of currencies, rates and conversions."""

import datetime as dt
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import EARLIEST, LATEST, today_of
from expenses.ledger.money import Money, format_amount, has_minor_units, minor_units
from expenses.models.rates import ExchangeRate
from expenses.rates.conversion import SIGNIFICANT_DIGITS, Conversion
from expenses.serializers.fields import DECIMAL, AmountField, CurrencyField, DayField, format_rate, user_of
from expenses.serializers.filters import COMMON_PARAMETERS

#: Bounds of a rate; each is about the other's inverse.
LEAST, MOST = Decimal("0.000000001"), Decimal(999_999_999)


class CurrencySerializer(serializers.Serializer[Any]):
    """A currency. `has_rates`: the ECB's or your own; the days are those of the ECB's."""

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
    """On `date`, one unit of `base` was worth `rate` units of `quote`."""

    base = CurrencyField()
    quote = CurrencyField()
    date = DayField()
    rate = RateField()

    class Meta:
        model = ExchangeRate
        fields = ["id", "base", "quote", "date", "rate", "source", "version"]
        read_only_fields = ["source", "version"]

    def validate_date(self, value: dt.date) -> dt.date:
        if value < EARLIEST:
            raise serializers.ValidationError(f"Give a day from {EARLIEST} on.", code="out_of_range")
        if value > today_of(user_of(self)):
            raise serializers.ValidationError("Nobody knows the rate of a day to come.", code="future")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        base, quote, date = (attrs.get(name, getattr(self.instance, name, None)) for name in ("base", "quote", "date"))
        if base == quote:
            raise serializers.ValidationError({"quote": "Give another currency than `base`."}, code="same_currency")
        taken = self._own().filter(date=date, base__in=[base, quote], quote__in=[base, quote]).first()
        if taken is not None:
            detail = (
                f"You have a rate from {taken.base} to {taken.quote} of {date}; change that one: rates/{taken.pk}/."
            )
            raise serializers.ValidationError({"date": detail}, code="unique")
        return attrs

    def _own(self) -> Any:
        own = ExchangeRate.objects.for_user(user_of(self)).exclude(ledger=None)
        return own if self.instance is None else own.exclude(pk=self.instance.pk)


class ConversionInput(serializers.Serializer[Any]):
    """What to convert; `to` is your base currency and `date` today unless given."""

    amount = AmountField()
    to = CurrencyField(required=False)
    date = DayField(required=False)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": CurrencyField()}

    def validate_date(self, value: dt.date) -> dt.date:
        if not EARLIEST <= value <= LATEST:
            raise serializers.ValidationError(f"Give a day from {EARLIEST} to {LATEST}.", code="out_of_range")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        self._check_names()
        user, amount, currency = user_of(self), attrs["amount"], attrs["from"]
        if not has_minor_units(amount, currency):
            detail = f"{currency} has {minor_units(currency)} decimal places."
            raise serializers.ValidationError({"amount": detail}, code="too_many_places")
        to, day = attrs.get("to", user.base_currency), attrs.get("date", today_of(user))
        return {"money": Money(amount, currency), "to": to, "day": day}

    def _check_names(self) -> None:
        """A misspelled `to` would convert into another currency than was meant."""
        if unknown := sorted(set(self.initial_data) - set(self.fields) - COMMON_PARAMETERS):
            detail = f"There is no such parameter; known are {', '.join(sorted(self.fields))}."
            raise serializers.ValidationError({unknown[0]: detail}, code="unknown")


class OriginalSerializer(serializers.Serializer[Any]):
    """What was converted."""

    amount = serializers.CharField()
    currency = serializers.CharField()


class ConversionSerializer(serializers.Serializer[Conversion]):
    """What an amount was worth on `date`, by the rate of `rate_date`, by way of the currencies of `path`."""

    amount = serializers.CharField()
    currency = serializers.CharField()
    date = serializers.DateField()
    original = OriginalSerializer()
    rate = serializers.CharField()
    rate_date = serializers.DateField()
    source = serializers.ChoiceField(choices=["same", "manual", "ecb"])  # type: ignore[assignment]
    path = serializers.ListField(child=serializers.CharField())

    def to_representation(self, instance: Conversion) -> dict[str, Any]:
        return describe_conversion(instance)


def describe_conversion(conversion: Conversion) -> dict[str, Any]:
    """The body of a conversion."""
    return {
        **_describe_money(conversion.money),
        "date": conversion.day,
        "original": _describe_money(conversion.original),
        "rate": format_rate(conversion.rate),
        "rate_date": conversion.rate_date,
        "source": conversion.source,
        "path": list(conversion.path),
    }


def _describe_money(money: Money) -> dict[str, str]:
    return {"amount": format_amount(money.amount, money.currency), "currency": money.currency}
