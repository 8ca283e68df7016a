"""Columns as a profile names them, by header name or by number, and where they stand."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from statements.delimited.records import records
from statements.importer import Profile

#: The keys that name columns: by header name, by position from 0, or by a list of either.
COLUMN_KEYS = (
    "date", "amount", "debit", "credit", "description", "merchant", "iban", "mcc", "currency", "status", "external_id",
)  # fmt: skip

Positions = tuple[int, ...]
_SAMPLE = 200


def header_names(profile: Profile, data: bytes) -> tuple[str, ...]:
    """The names in the profile's header record; none without a header."""
    row = profile.get("header_row")
    if row is None:
        return ()
    rows = records(
        data, encoding=profile["encoding"], delimiter=profile["delimiter"], quotechar=profile.get("quotechar", '"')
    )
    record = next(islice(rows, row, None), None)
    return tuple(" ".join(name.split()) for name in record.fields) if record else ()


def first_rows(profile: Profile, data: bytes) -> list[list[str]]:
    """The fields of the first records below the profile's header."""
    row = profile.get("header_row")
    first = 0 if row is None else row + 1
    rows = records(
        data, encoding=profile["encoding"], delimiter=profile["delimiter"], quotechar=profile.get("quotechar", '"')
    )
    return [record.fields for record in islice(rows, first, first + _SAMPLE)]


def listed(value: Any) -> list[Any]:
    """A column or a list of columns as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def positions_of(value: Any, names: Sequence[str]) -> Positions:
    found = (position_of(column, names) for column in listed(value))
    return tuple(position for position in found if position is not None)


def position_of(column: Any, names: Sequence[str]) -> int | None:
    if isinstance(column, int):
        return column
    plain = " ".join(column.split())
    if plain in names:
        return names.index(plain)
    folded = [name.casefold() for name in names]
    return folded.index(plain.casefold()) if plain and plain.casefold() in folded else None
