"""Where each part of a row stands under a profile, and how many cells a row may have."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import date_parser
from statements.delimited.profile import COLUMN_KEYS, Positions, first_rows, header_names, positions_of, profile_errors
from statements.delimited.records import is_movement
from statements.delimited.words import normalized
from statements.importer import Profile, UnreadableFile

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
