"""The JSON form of a column's values in a backup, and back: each value of a file is checked before it is believed."""

import base64
import binascii
import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import (
    BinaryField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    JSONField,
    TextField,
    UUIDField,
)

from expenses.ledger.dates import EARLIEST, LATEST
from expenses.models.fields import ExactDecimalField
from expenses.views.parsers import MAX_DEPTH

Convert = Callable[[Any], Any]


class WrongValue(ValueError):
    """A value that the column cannot hold. The sentence says what it holds."""


def writer_of(field: "Field[Any, Any]") -> Convert | None:
    """Return the function that makes JSON of a value that is not null; None where the value is JSON already."""
    if isinstance(field, DateTimeField):
        return write_instant
    if isinstance(field, DateField):
        return dt.date.isoformat
    if isinstance(field, BinaryField):
        return lambda value: base64.b64encode(bytes(value)).decode()
    if isinstance(field, JSONField | CharField | TextField | IntegerField | BooleanField | FloatField):
        return None
    return str


def write_instant(value: dt.datetime) -> str:
    """Return an instant as ISO 8601 in UTC, to the microsecond."""
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds")


def reader_of(field: "Field[Any, Any]") -> Convert:
    """Return the function that checks a value of a file that is not null, and gives what the database keeps.

    It raises WrongValue.
    """
    if isinstance(field, JSONField):
        return lambda value: field.get_db_prep_save(_checked_json(value), connection)
    if isinstance(field, BooleanField):
        return _boolean
    if isinstance(field, FloatField):
        return _finite
    if isinstance(field, IntegerField):
        return _integers(field)
    if isinstance(field, CharField | TextField):
        return _texts(field)
    return _parsed(field)


def _checked_json(value: Any) -> Any:
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise WrongValue(f"JSON of at most {MAX_DEPTH} levels")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
                below += item.keys()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str):
                _storable(item)
        level, depth = below, depth + 1
    return value


def _storable(value: str) -> str:
    """Return the text. Raises WrongValue for what a database refuses: zero bytes and halves of characters."""
    if value.isascii():
        if "\0" not in value:
            return value
    elif "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value):
        return value
    raise WrongValue("text without zero bytes and halves of characters")


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValue("true or false")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongValue("a number")
    return float(value)


def _integers(field: "Field[Any, Any]") -> Convert:
    least, most = connection.ops.integer_field_range(field.get_internal_type())
    lowest, highest = least if least is not None else -(2**63), most if most is not None else 2**63 - 1
    allowed = {value for value, _ in field.flatchoices} if field.choices else None

    def read(value: Any) -> int:
        if type(value) is not int or not lowest <= value <= highest or (allowed and value not in allowed):
            raise WrongValue(f"a whole number from {lowest} to {highest}")
        return value

    return read


def _texts(field: "Field[Any, Any]") -> Convert:
    allowed = {str(value) for value, _ in field.flatchoices} if field.choices else set()
    longest = field.max_length

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise WrongValue("text")
        if allowed and value not in allowed and not (field.blank and not value):
            raise WrongValue(f"one of {', '.join(sorted(allowed))}")
        if longest is not None and len(value) > longest:
            raise WrongValue(f"text of at most {longest} characters")
        return _storable(value)

    return read


def _parsed(field: "Field[Any, Any]") -> Convert:
    """Return a reader of values that are texts in a file: dates, instants, amounts and the like."""
    parse, what = _parser_of(field)

    @lru_cache(maxsize=5000)
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise WrongValue(what)
        try:
            return field.get_db_prep_save(parse(value), connection)
        except (ValueError, InvalidOperation, ValidationError, OverflowError, binascii.Error):
            raise WrongValue(what) from None

    def checked(value: Any) -> Any:
        return read(value if isinstance(value, str) else None)

    return checked


def _parser_of(field: "Field[Any, Any]") -> tuple[Callable[[str], Any], str]:
    if isinstance(field, DateTimeField):
        return _instant, "an instant such as 2026-11-02T10:00:00.000000+00:00"
    if isinstance(field, DateField):
        return _day, f"a day from {EARLIEST} to {LATEST}"
    if isinstance(field, ExactDecimalField):
        return _amount, "an amount such as 12.5000"
    if isinstance(field, DecimalField):
        return lambda value: field.clean(_plain_decimal(value), None), "a decimal number"
    if isinstance(field, UUIDField):
        return UUID, "a UUID"
    if isinstance(field, BinaryField):
        return lambda value: base64.b64decode(value, validate=True), "bytes in base64"
    return field.to_python, f"a value of the type {field.get_internal_type()}"


def _day(value: str) -> dt.date:
    day = dt.date.fromisoformat(value)
    if not EARLIEST <= day <= LATEST:
        raise ValueError
    return day


def _instant(value: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


def _amount(value: str) -> Decimal:
    amount = _plain_decimal(value)
    if abs(amount) >= Decimal(2**63).scaleb(-4):
        raise ValueError
    return amount


def _plain_decimal(value: str) -> Decimal:
    if len(value) > 60:
        raise ValueError
    found = Decimal(value)
    if not found.is_finite():
        raise ValueError
    return found
