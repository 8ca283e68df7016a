"""Text for beancount (beancount 3, "Beancount Language Syntax")."""

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

#: A part of a name has letters, digits and hyphens alone.
NOT_IN_NAMES = re.compile(r"[^\w]+|_+")
TAG = re.compile(r"[A-Za-z0-9\-_/.]+", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


def write_beancount(
    parts: Iterable[Sequence[ExportRow]],
    names: ExportNames,
    *,
    balances: Sequence[OpeningBalance],
    base_currency: str,
    first_day: str,
) -> Iterator[bytes]:
    """Yield the text in UTF-8: accounts opened on the day before the first entry, opening balances, then entries."""
    chart = ChartOfAccounts(names, clean=_clean)
    opened = day_before(first_day)
    lines = [f'option "title" "Outlay"\noption "operating_currency" "{base_currency}"\n\n']
    lines += [f"{opened} open {name}\n  name: {_quoted(own)}\n" for name, own in chart.own_names.items()]
    lines.append("\n")
    lines += [_text(booking) for booking in opening_bookings(balances, chart, day=opened)]
    yield "".join(lines).encode()
    yield from encoded(map(_text, bookings(flat(parts), chart)))


def _text(booking: Booking) -> str:
    payee = f"{_quoted(booking.merchant)} " if booking.merchant else ""
    tags = [tag for tag in booking.tags if TAG.fullmatch(tag)]
    others = [tag for tag in booking.tags if not TAG.fullmatch(tag)]
    lines = [" ".join([f"{booking.day} * {payee}{_quoted(booking.description)}", *(f"#{tag}" for tag in tags)])]
    for name, value in (("id", booking.code), ("tags", "; ".join(others)), ("notes", booking.notes)):
        if value:
            lines.append(f"  {name}: {_quoted(value)}")
    lines += [f"  {posting.account}  {posting.amount} {posting.currency}" for posting in booking.postings]
    return "\n".join(lines) + "\n\n"


def _clean(text: str) -> str:
    """Return a part of a name: it begins with a capital letter or a digit."""
    name = NOT_IN_NAMES.sub("-", text).strip("-")
    first = name[:1].upper()
    if len(first) != 1 or not (first.isupper() or first.isdigit()):
        return f"X-{name}" if name else "X"
    return first + name[1:]


def _quoted(text: str) -> str:
    return '"{}"'.format(CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"').strip())
