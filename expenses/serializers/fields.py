"""Serializer fields for input that may name a thing by id or by name."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import EARLIEST, LATEST
from expenses.ledger.ibans import NotAnIban, read_iban
from expenses.ledger.money import MAX_AMOUNT, SCALE, currency_codes
from expenses.models import Account, Category, Tag

#: Python reads more than this as a number: 5_000, other scripts' digits.
DECIMAL = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,4})?|[+-]?\.\d+", re.ASCII)
MAX_TAGS = 20
ID_OR_NAME = {"oneOf": [{"type": "integer"}, {"type": "string"}], "nullable": True}


def as_id_or_name(value: Any) -> int | str:
    """An id as int, a name as stripped str. Raises ValidationError for anything else, and beyond 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise serializers.ValidationError("Give an id or a name.", code="invalid")
    wanted = value.strip() if isinstance(value, str) else value
    if isinstance(wanted, str) and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return wanted
    if not 0 <= int(wanted) < 2**63:
        raise serializers.ValidationError("There is no such id.", code="does_not_exist")
    return int(wanted)


def user_of(field: serializers.Field[Any, Any, Any, Any]) -> User:
    """The person behind the request that the field is part of."""
    user: User = field.context["request"].user
    return user


@extend_schema_field(ID_OR_NAME)
class CategoryReference(serializers.Field[Category, Any, int | None, Any]):
    """Reads an id or name as a category of the ledger; the context holds its catalog."""

    def to_internal_value(self, data: Any) -> Category:
        catalog: Catalog = self.context["catalog"]
        wanted = as_id_or_name(data)
        category = catalog.find(wanted) or (catalog.find(str(data)) if isinstance(data, str) else None)
        if category is None:
            raise serializers.ValidationError(f"There is no category “{data}”.", code="does_not_exist")
        return category

    def to_representation(self, value: Category) -> int | None:
        return value.pk


@extend_schema_field(ID_OR_NAME)
class AccountReference(serializers.Field[Account, Any, int | None, Any]):
    """Reads an id or name as an account of the ledger."""

    def to_internal_value(self, data: Any) -> Account:
        wanted = as_id_or_name(data)
        found = _accounts(self).get(wanted if isinstance(wanted, int) else wanted.casefold())
        if found is None and isinstance(data, str):
            found = _accounts(self).get(data.strip().casefold())
        if found is None:
            raise serializers.ValidationError(f"There is no account “{data}”.", code="does_not_exist")
        return found

    def to_representation(self, value: Account) -> int | None:
        return value.pk


def _accounts(field: AccountReference) -> dict[int | str, Account]:
    """The ledger's accounts by id and by name, looked up once however many rows the request holds."""
    context = cast("dict[str, Any]", field.context)
    if "accounts" not in context:
        rows = list(Account.objects.for_user(user_of(field)))
        context["accounts"] = {row.pk: row for row in rows} | {row.name.casefold(): row for row in rows}
    accounts: dict[int | str, Account] = context["accounts"]
    return accounts


def refuse_closed(account: Account | None) -> Account | None:
    """The account, if anything new may be recorded in it. Raises ValidationError."""
    if account is not None and not account.is_active:
        detail = f"“{account}” is closed; open it again (is_active: true), or name another account."
        raise serializers.ValidationError(detail, code="closed")
    return account


@extend_schema_field({"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]}})
class TagsField(serializers.ListField):
    """Names of tags, new ones included, or ids of tags that are there; read as names."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.JSONField(), max_length=MAX_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, list) and len(data) > MAX_TAGS:
            raise serializers.ValidationError(f"Give at most {MAX_TAGS} tags.", code="max_length")
        return list(dict.fromkeys(self._name(item) for item in super().to_internal_value(data)))

    def _name(self, item: Any) -> str:
        if isinstance(item, str):
            return str(serializers.CharField(max_length=50).run_validation(item))
        name = self._names().get(as_id_or_name(item))
        if name is None:
            raise serializers.ValidationError(f"There is no tag {item}.", code="does_not_exist")
        return name

    def _names(self) -> dict[int | str, str]:
        """The names of the ledger's tags by id, looked up once however many rows the request holds."""
        context = cast("dict[str, Any]", self.context)
        if "tag_names" not in context:
            context["tag_names"] = dict(Tag.objects.for_user(user_of(self)).values_list("pk", "name"))
        names: dict[int | str, str] = context["tag_names"]
        return names


class AmountField(serializers.DecimalField):
    """A positive decimal string, below a thousand million, with at most as many places as any currency has."""

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


class BalanceField(serializers.DecimalField):
    """A decimal string of either sign."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9 + SCALE, decimal_places=SCALE, **kwargs)


@extend_schema_field(OpenApiTypes.STR)
class CurrencyField(serializers.CharField):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=3, max_length=3, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code not in currency_codes():
            raise serializers.ValidationError(f"“{code}” is not an ISO 4217 currency code.", code="unknown_currency")
        return code


class DayField(serializers.DateField):
    """A day of the calendar as YYYY-MM-DD; ISO 8601 has other ways to write one, which nobody means."""

    default_error_messages = {"invalid": "There is no such day; write it as YYYY-MM-DD."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> dt.date:
        day = super().to_internal_value(value)
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f"Give a day from {EARLIEST} to {LATEST}.", code="out_of_range")
        return day


class IbanField(serializers.CharField):
    """The other side's account number; spaces are left out, small letters made large."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return read_iban(super().to_internal_value(data))
        except NotAnIban as error:
            raise serializers.ValidationError(str(error), code=error.code) from None


class MccField(serializers.RegexField):
    """The merchant category code of a card payment."""

    default_error_messages = {"invalid": "A merchant category code is four digits, such as 5411."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(re.compile(r"^[0-9]{4}\Z"), **kwargs)


def format_rate(rate: Decimal) -> str:
    """The decimal string of the API: as it was written, without zeros at the end or an exponent."""
    return f"{rate.normalize():f}"
