"""A journal that hledger and ledger read (hledger 1.25 manual, "Journal format"; ledger 3 manual, "Journal format")."""

import re
from collections.abc import Iterable, Iterator, Sequence

from statements.export.bookings import (
    Booking,
    ChartOfAccounts,
    OpeningBalance,
    bookings,
    day_before,
    encoded,
    opening_bookings,
)
from statements.export.columns import ExportRow
from statements.export.rows import ExportNames, flat

#: Two blanks end a name, a colon divides it, and a semicolon begins a comment.
NOT_IN_NAMES = re.compile(r"[\s:;]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


def write_journal(
    parts: Iterable[Sequence[ExportRow]],
    names: ExportNames,
    *,
    balances: Sequence[OpeningBalance],
    currencies: Sequence[str],
    first_day: str,
) -> Iterator[bytes]:
    """Yield the journal in UTF-8: currencies and accounts, then opening balances on the day before, then entries."""
    chart = ChartOfAccounts(names, clean=_clean)
    lines = [f"commodity {currency}\n" for currency in currencies]
    lines += [f"account {name}\n" for name in chart.own_names]
    lines.append("\n")
    lines += [_text(booking) for booking in opening_bookings(balances, chart, day=day_before(first_day))]
    yield "".join(lines).encode()
    yield from encoded(map(_text, bookings(flat(parts), chart)))


def _text(booking: Booking) -> str:
    code = f"({booking.code}) " if booking.code else ""
    merchant, description = (_plain(text) for text in (booking.merchant, booking.description))
    payee = f"{merchant} | {description}" if merchant and merchant != description else description
    lines = [f"{booking.day} * {code}{payee}"]
    if booking.tags:
        lines.append(f"    ; tags: {_plain(' '.join(booking.tags))}")
    if booking.notes:
        lines.append(f"    ; {_plain(booking.notes)}")
    lines += [f"    {posting.account}  {posting.amount} {posting.currency}" for posting in booking.postings]
    return "\n".join(lines) + "\n\n"


def _clean(text: str) -> str:
    """Return a part of a name: one blank for what has a meaning of its own there."""
    return NOT_IN_NAMES.sub(" ", CONTROL.sub(" ", text)).strip() or "Unnamed"


def _plain(text: str) -> str:
    """Return a text in one line, where no comment begins and no payee ends."""
    return CONTROL.sub(" ", text).replace(";", ",").replace("|", "/").strip()
