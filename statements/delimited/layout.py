"""A profile made ready for reading: names become positions, words become sets."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from statements.delimited.dates import date_parser
from statements.delimited.profile_checks import profile_errors
from statements.delimited.references import COLUMN_KEYS, Positions, first_rows, header_names, positions_of
from statements.delimited.widths import Widths, find_widths
from statements.delimited.words import normalized
from statements.importer import Profile, UnreadableFile


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
    """The layout of a file under a profile. Raises `UnreadableFile` with the first of `profile_errors`."""
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
