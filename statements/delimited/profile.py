"""Profiles as users write them, checked key by key, and as layouts: where each part of a row stands."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import date_parser
from statements.delimited.table import Record, RecordBlock, each_record, is_dialect, is_movement, record_blocks
from statements.delimited.words import SHARED_SYMBOLS, normalized
from statements.importer import Profile, ProfileError, UnreadableFile
from statements.profile_faults import (
    boolean_faults,
    currency_faults,
    date_format_faults,
    decimal_faults,
    encoding_faults,
    format_faults,
    unknown_keys,
)

#: The keys that name columns: by header name, by position from 0, or by a list of either.
COLUMN_KEYS = (
    "date", "amount", "debit", "credit", "description", "merchant", "iban", "mcc", "currency", "status", "external_id",
    "own_account",
)  # fmt: skip

Positions = tuple[int, ...]
_SAMPLE = 200


def records_under(profile: Profile, data: bytes) -> Iterator[Record]:
    """Yield the records of a file, split as the profile says."""
    return each_record(blocks_under(profile, data))


def blocks_under(profile: Profile, data: bytes) -> Iterator[RecordBlock | Record]:
    """Yield the records of a file in blocks, split as the profile says."""
    quotechar = profile.get("quotechar", '"')
    return record_blocks(data, encoding=profile["encoding"], delimiter=profile["delimiter"], quotechar=quotechar)


def header_names(profile: Profile, data: bytes) -> tuple[str, ...]:
    """Return the names in the profile's header record; none without a header."""
    row = profile.get("header_row")
    if row is None:
        return ()
    record = next(islice(records_under(profile, data), row, None), None)
    return tuple(" ".join(name.split()) for name in record.fields) if record else ()


def first_rows(profile: Profile, data: bytes) -> list[list[str]]:
    """Return the fields of the first records below the profile's header."""
    row = profile.get("header_row")
    first = 0 if row is None else row + 1
    return [record.fields for record in islice(records_under(profile, data), first, first + _SAMPLE)]


def listed(value: Any) -> list[Any]:
    """Return a column, or a list of columns, as a list."""
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


FORMAT = "csv"
_BOOLEANS = ("invert_sign", "debit_is_negative", "continuation_rows", "leave_out_pending")
KEYS = frozenset((
    *COLUMN_KEYS, *_BOOLEANS, "format", "encoding", "delimiter", "quotechar", "header_row", "decimal", "date_format",
    "currency_code", "currency_symbol", "sign_flag", "unsigned_is", "pending_when",
))  # fmt: skip
_DEEPEST_HEADER = 10_000


def profile_errors(profile: Profile, data: bytes) -> list[ProfileError]:
    """Return the faults of a profile for this file. Columns are checked once the file can be split."""
    form = [
        *unknown_keys(profile, KEYS),
        *_split_errors(profile, data),
        *_value_errors(profile),
        *_money_errors(profile),
    ]
    if form:
        return form
    if row_fault := _missing_header(profile, data):
        return [row_fault]
    names = header_names(profile, data)
    n_columns = max(map(len, (names, *first_rows(profile, data))))
    named = [(key, column) for key in COLUMN_KEYS for column in listed(profile.get(key))]
    named += [("sign_flag", column) for column in listed((profile.get("sign_flag") or {}).get("column"))]
    return [error for key, column in named if (error := _column_error(key, column, names, n_columns))]


def _split_errors(profile: Profile, data: bytes) -> list[ProfileError]:
    errors = encoding_faults(profile, data)
    if not is_dialect(profile.get("delimiter"), profile.get("quotechar", '"')):
        detail = 'The delimiter and the quote must be two different single characters, such as “;” and “"”.'
        errors.append(ProfileError("delimiter", "invalid", detail))
    row = profile.get("header_row")
    if row is not None and (isinstance(row, bool) or not isinstance(row, int) or not 0 <= row <= _DEEPEST_HEADER):
        errors.append(
            ProfileError("header_row", "invalid", "The header's record must be a number from 0, or null for none.")
        )
    return errors


def _missing_header(profile: Profile, data: bytes) -> ProfileError | None:
    row = profile.get("header_row")
    n_records = 0 if row is None else sum(1 for _ in islice(records_under(profile, data), row + 1))
    if row is None or n_records > row:
        return None
    detail = f"There is no record {row}. The file has {n_records} records, counted from 0."
    return ProfileError("header_row", "unknown_record", detail)


def _value_errors(profile: Profile) -> list[ProfileError]:
    checks = [
        (
            "unsigned_is",
            profile.get("unsigned_is", "in") in ("in", "out"),
            "An amount without a sign is “in” or “out”.",
        ),
        (
            "currency_symbol",
            profile.get("currency_symbol") in (None, *SHARED_SYMBOLS),
            f"The symbol must be null or one of: {', '.join(SHARED_SYMBOLS)}.",
        ),
        ("pending_when", _are_words(profile.get("pending_when")), "“pending_when” must be a list of words."),
    ]
    return [
        *format_faults(profile, FORMAT),
        *decimal_faults(profile),
        *(ProfileError(key, "invalid", detail) for key, good, detail in checks if not good),
        *boolean_faults(profile, _BOOLEANS),
        *currency_faults(profile),
        *date_format_faults(profile),
    ]


def _are_words(value: Any) -> bool:
    return value is None or (isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value))


def _money_errors(profile: Profile) -> list[ProfileError]:
    errors = []
    single = bool(listed(profile.get("amount")))
    pair = bool(listed(profile.get("debit")) or listed(profile.get("credit")))
    if single and pair:
        errors.append(ProfileError("amount", "conflict", "Name either the amount or debit and credit, not both."))
    if not single and not pair:
        errors.append(ProfileError("amount", "required", "Name the column of amounts, or those of debit and credit."))
    if not listed(profile.get("date")):
        errors.append(ProfileError("date", "required", "Name the column of dates."))
    flag = profile.get("sign_flag")
    if flag and (not isinstance(flag, Mapping) or len(listed(flag.get("column"))) != 1):
        detail = "The flag needs a column, and negative_when or positive_when."
        errors.append(ProfileError("sign_flag", "invalid", detail))
    elif flag:
        words = [flag.get("negative_when"), flag.get("positive_when")]
        if not any(words) or not all(map(_are_words, words)):
            detail = "List the words of money out in negative_when, or of money in in positive_when."
            errors.append(ProfileError("sign_flag", "invalid", detail))
    return errors


def _column_error(key: str, column: Any, names: Sequence[str], n_columns: int) -> ProfileError | None:
    if isinstance(column, bool) or not isinstance(column, (int, str)) or (isinstance(column, int) and column < 0):
        return ProfileError(key, "invalid", "A column is its name in the header or its number, counted from 0.")
    if isinstance(column, int) and column >= n_columns:
        detail = f"There is no column {column}. The file has {n_columns} columns, counted from 0."
        return ProfileError(key, "unknown_column", detail)
    if isinstance(column, str) and position_of(column, names) is None:
        known = ", ".join(name for name in names if name) or "none, so use numbers from 0"
        return ProfileError(key, "unknown_column", f"There is no column “{column}”. The columns are: {known}.")
    return None


_WHOLE = re.compile(r"[^0-9]*[0-9]{1,12}")
_REST = re.compile(r"(?:[0-9]{2}|[0-9]{3}\.[0-9]{1,2})")

Fields = Sequence[str]


@dataclass(frozen=True, slots=True)
class Widths:
    """Limits of a row's cells: a delimiter inside a value that is not quoted moves every cell behind it.

    A row has at most `length` cells, nothing in those past `filled`, and seldom anything in those past `named`.
    """

    length: int
    filled: int
    named: int
    money: tuple[int, ...]

    def are_exceeded(self, fields: Fields) -> bool:
        """Return True if the row is longer than header and other rows, or if a number seems to be split in two."""
        width = filled_width(fields)
        return len(fields) > self.length or width > self.filled or (width > self.named and is_split(fields, self.money))


def find_widths(names: Fields, sample: Sequence[Fields], money: tuple[int, ...]) -> Widths:
    """Return the widths of a table by its header and its first records, which may all be longer than the header."""
    rows = [fields for fields in sample if is_movement(fields)]
    whole = [fields for fields in rows if not is_split(fields, money)]
    notes = _length_with_notes(names, whole) if names else 0
    lengths = Counter(map(len, whole or ([] if names else rows)))
    usual = lengths.most_common(1)[0][0] if lengths else 0
    length = max(len(names), usual, notes)
    # A header may lack names: then every row is longer, and most of them are filled to there.
    is_short = bool(whole) and all(len(fields) > len(names) for fields in whole)
    if not names or (is_short and sum(filled_width(fields) > len(names) for fields in whole) * 2 > len(whole)):
        return Widths(length, length, length, money)
    return Widths(length, max(len(names), notes), filled_width(names), money)


def _length_with_notes(names: Fields, rows: Sequence[Fields]) -> int:
    """Return the longest row's length if the bank adds notes behind the named cells, else 0."""
    longer = [fields for fields in rows if filled_width(fields) > len(names)]
    notes = [cell for fields in longer for cell in fields[len(names) :] if cell.strip()]
    if len(longer) * 3 < len(rows) or any(possible_decimals(cell.strip()) for cell in notes):
        return 0
    return max(map(len, longer), default=0)


def filled_width(fields: Fields) -> int:
    """Return the number of cells up to the last filled one."""
    width = len(fields)
    while width and not fields[width - 1].strip():
        width -= 1
    return width


def is_split(fields: Fields, money: Sequence[int]) -> bool:
    """Return True if a cell of money is whole and the next one may be the rest of it: -5 and 50, 1 and 234.50."""
    pairs = [(fields[index].strip(), fields[index + 1].strip()) for index in money if index + 1 < len(fields)]
    return any(_WHOLE.fullmatch(cell) and _REST.fullmatch(following) for cell, following in pairs)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each part of a row stands and how it is written."""

    names: tuple[str, ...]
    header_row: int | None
    date: Positions
    amount: Positions
    debit: Positions
    credit: Positions
    description: Positions
    merchant: Positions
    iban: Positions
    mcc: Positions
    currency: Positions
    status: Positions
    external_id: Positions
    own_account: Positions
    decimal: str
    date_format: str
    parse_date: Callable[[str], dt.date | None]
    currency_code: str
    flag: int | None
    negative_when: frozenset[str]
    positive_when: frozenset[str]
    invert: bool
    unsigned_is_out: bool
    debit_is_negative: bool
    continuation_rows: bool
    pending_when: frozenset[str]
    leave_out_pending: bool
    delimiter: str
    widths: Widths


def layout_of(profile: Profile, data: bytes) -> Layout:
    """Return the layout of a file under a profile. Raises `UnreadableFile` with the first of `profile_errors`."""
    for attr, code, detail in profile_errors(profile, data):
        raise UnreadableFile(code, detail, attr=attr)
    names = header_names(profile, data)
    positions = {key: positions_of(profile.get(key), names) for key in COLUMN_KEYS}
    flag = profile.get("sign_flag") or {}
    return Layout(
        names=names,
        header_row=profile.get("header_row"),
        **positions,
        decimal=profile.get("decimal", "."),
        date_format=profile["date_format"],
        parse_date=date_parser(profile["date_format"]),
        currency_code=(profile.get("currency_code") or "").upper(),
        flag=positions_of(flag.get("column"), names)[0] if flag else None,
        negative_when=_words(flag.get("negative_when")),
        positive_when=_words(flag.get("positive_when")),
        invert=bool(profile.get("invert_sign")),
        unsigned_is_out=profile.get("unsigned_is") == "out",
        debit_is_negative=bool(profile.get("debit_is_negative")),
        continuation_rows=bool(profile.get("continuation_rows")),
        pending_when=_words(profile.get("pending_when")),
        leave_out_pending=bool(profile.get("leave_out_pending")),
        delimiter=profile["delimiter"],
        widths=find_widths(
            names, first_rows(profile, data), positions["amount"] + positions["debit"] + positions["credit"]
        ),
    )


def _words(value: Any) -> frozenset[str]:
    return frozenset(normalized(word) or word.strip() for word in value or ())
