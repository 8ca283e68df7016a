"""Serializer fields of the ledger: references by id or name, amounts, days and codes."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import get_attribute

from accounts.misspellings import did_you_mean, no_currency
from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.countries import intended_country, names_of_countries
from expenses.ledger.dates import EARLIEST, LATEST, advice_on_day
from expenses.ledger.ibans import NotAnIban, read_iban
from expenses.ledger.money import MAX_AMOUNT, SCALE, currency_codes, format_amount, has_minor_units, minor_units
from expenses.models import Account, Category, Tag
from expenses.models.accounts import accounts_of
from expenses.models.ledgers import ledger_id_of
from expenses.rates.conversion import format_rate

#: A number as clients write it; Python alone would also accept 5_000 and digits of other scripts.
DECIMAL = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,4})?|[+-]?\.\d+", re.ASCII)
MAX_TAGS = 20
ID_OR_NAME = {"oneOf": [{"type": "integer"}, {"type": "string"}], "nullable": True}


def as_id_or_name(value: Any) -> int | str:
    """Return an id as int, a name as stripped str. Raises ValidationError for anything else, and beyond 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise serializers.ValidationError("Give an id or a name.", code="invalid")
    wanted = value.strip() if isinstance(value, str) else value
    if isinstance(wanted, str) and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return wanted
    if not 0 <= int(wanted) < 2**63:
        raise serializers.ValidationError("There is no such id.", code="does_not_exist")
    return int(wanted)


def user_of(field: serializers.Field[Any, Any, Any, Any]) -> User:
    """Return the user of the request that the field belongs to."""
    user: User = field.context["request"].user
    return user


class KeywordNames(serializers.Serializer[Any]):
    """A serializer whose fields may have the names of keywords: the field `from` is declared as `from_`."""

    def get_fields(self) -> dict[str, Any]:
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


@extend_schema_field(ID_OR_NAME)
class IdOrName(serializers.JSONField):
    """An id or a name, which the serializer looks up."""


@extend_schema_field(ID_OR_NAME)
class CategoryReference(serializers.Field[Category, Any, int | None, Any]):
    """A category of the ledger by id or name; the context holds the ledger's catalog."""

    def to_internal_value(self, data: Any) -> Category:
        catalog: Catalog = self.context["catalog"]
        wanted = as_id_or_name(data)
        category = catalog.find(wanted) or (catalog.find(str(data)) if isinstance(data, str) else None)
        if category is None:
            raise serializers.ValidationError(
                f"There is no category “{data}”.{did_you_mean(data, catalog.names())}", code="does_not_exist"
            )
        return category

    def to_representation(self, value: Category) -> int | None:
        return value.pk


class CategoryNameField(serializers.CharField):
    """The display name of a category id in a response, from the context's catalog; "" or null if it is gone."""

    def to_representation(self, value: Any) -> Any:
        catalog: Catalog = self.context["catalog"]
        return catalog.name(value) or (None if self.allow_null else "")


@extend_schema_field(ID_OR_NAME)
class AccountReference(serializers.Field[Account, Any, int | None, Any]):
    """An account of the ledger by id or name."""

    def to_internal_value(self, data: Any) -> Account:
        context = cast("dict[str, Any]", self.context)
        if "accounts" not in context:  # loaded once for all rows of the request
            rows = accounts_of(ledger_id_of(user_of(self)))
            context["accounts"] = {row.pk: row for row in rows} | {row.name.casefold(): row for row in rows}
        accounts: dict[int | str, Account] = context["accounts"]
        wanted = as_id_or_name(data)
        found = accounts.get(wanted if isinstance(wanted, int) else wanted.casefold())
        if found is None and isinstance(data, str):
            found = accounts.get(data.strip().casefold())
        if found is None:
            raise serializers.ValidationError(
                f"There is no account “{data}”.{did_you_mean(data, {row.name for row in accounts.values()})}",
                code="does_not_exist",
            )
        return found

    def to_representation(self, value: Account) -> int | None:
        return value.pk


def refuse_closed(account: Account | None) -> Account | None:
    """Return the account. Raises ValidationError if it is closed."""
    if account is not None and not account.is_active:
        raise serializers.ValidationError(describe_closed(account), code="closed")
    return account


def describe_closed(account: Account) -> str:
    """Return the sentence about a closed account that something was to be recorded in."""
    return f"“{account}” is closed; open it again (is_active: true), or name another account."


@extend_schema_field({"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]}})
class TagsField(serializers.ListField):
    """Tags by name or by id, read as names; a new name makes a new tag."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.JSONField(), max_length=MAX_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, list) and len(data) > MAX_TAGS:
            raise serializers.ValidationError(f"Give at most {MAX_TAGS} tags.", code="max_length")
        return list(dict.fromkeys(self._name(item) for item in super().to_internal_value(data)))

    def _name(self, item: Any) -> str:
        if isinstance(item, str):
            return str(serializers.CharField(max_length=50).run_validation(item))
        context = cast("dict[str, Any]", self.context)
        if "tag_names" not in context:  # loaded once for all rows of the request
            context["tag_names"] = dict(Tag.objects.for_user(user_of(self)).values_list("pk", "name"))
        names: dict[int | str, str] = context["tag_names"]
        name = names.get(as_id_or_name(item))
        if name is None:
            raise serializers.ValidationError(f"There is no tag {item}.", code="does_not_exist")
        return name


class AmountField(serializers.DecimalField):
    """A positive amount below a thousand million, as a decimal string with at most four decimal places."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9 + SCALE, decimal_places=SCALE, **kwargs)

    default_error_messages = {"invalid": "Write an amount in digits, with a point before the cents: 12.50."}

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and not DECIMAL.fullmatch(data.strip()):
            self.fail("invalid")
        amount = super().to_internal_value(data)
        if amount <= 0:
            raise serializers.ValidationError(
                "An amount is more than 0; kind or direction says which way.", "min_value"
            )
        if amount >= MAX_AMOUNT:
            raise serializers.ValidationError(f"An amount is less than {MAX_AMOUNT}.", "max_value")
        return amount


class FormattedAmountMixin:
    """A field whose output has the decimal places of the currency beside the amount."""

    source_attrs: list[str]

    def get_attribute(self, instance: Any) -> Any:
        holder = get_attribute(instance, self.source_attrs[:-1])
        amount: Decimal | None = get_attribute(holder, self.source_attrs[-1:])
        return None if amount is None else format_amount(amount, holder.currency)

    def to_representation(self, value: Any) -> Any:
        return value


class MoneyField(FormattedAmountMixin, serializers.CharField):
    """An amount of a response; the object that holds it also has its `currency`."""


class DecimalMoneyField(FormattedAmountMixin, serializers.DecimalField):
    """An amount of either sign, for requests and responses."""


class RateTextField(serializers.CharField):
    """An exchange rate of a response."""

    def to_representation(self, value: Any) -> str:
        return format_rate(value)


@extend_schema_field(OpenApiTypes.STR)
class CurrencyField(serializers.CharField):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=3, max_length=3, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code not in currency_codes():
            raise serializers.ValidationError(no_currency(code), code="unknown_currency")
        return code


@extend_schema_field({"type": "string", "maxLength": 2})
class CountryField(serializers.CharField):
    """An ISO 3166 alpha-2 code; a name is answered with its code."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        known, locale = names_of_countries("en"), user_of(self).locale
        if not text or text.upper() in known:
            return text.upper()
        code = intended_country(text, locale=locale)
        if code is not None:
            raise serializers.ValidationError(f"Write {code}.", code="invalid")
        names = [*known.values(), *names_of_countries(locale).values()]
        detail = f"Give a two-letter country code, such as DE.{did_you_mean(text, names)}"
        raise serializers.ValidationError(detail, code="invalid")


class DayField(serializers.DateField):
    """A day as YYYY-MM-DD, the only form of ISO 8601 that is accepted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> dt.date:
        try:
            day = super().to_internal_value(value)
        except serializers.ValidationError:
            raise serializers.ValidationError(advice_on_day(str(value)), code="invalid") from None
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f"Give a day from {EARLIEST} to {LATEST}.", code="out_of_range")
        return day


class IbanField(serializers.CharField):
    """An IBAN, stored without spaces and in capitals."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return read_iban(super().to_internal_value(data))
        except NotAnIban as error:
            raise serializers.ValidationError(str(error), code=error.code) from None


class MccField(serializers.RegexField):
    """A merchant category code (MCC) of a card payment."""

    default_error_messages = {"invalid": "A merchant category code is four digits, such as 5411."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(re.compile(r"^[0-9]{4}\Z"), **kwargs)


def too_many_places(currency: str) -> ErrorDetail:
    """Return the error of an amount that has more decimal places than its currency."""
    return ErrorDetail(f"{currency} has {minor_units(currency)} decimal places.", code="too_many_places")


def check_minor_units(amount: Decimal, currency: str, *, field: str = "amount") -> None:
    """Raises ValidationError for the field if the amount has more decimal places than the currency."""
    if not has_minor_units(amount, currency):
        raise serializers.ValidationError({field: [too_many_places(currency)]})
