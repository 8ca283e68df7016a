"""Statement lines (:61:) and balances, through the library mt-940 with patterns for what banks write."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import mt940

from statements.importer import UnreadableRecord

_OPTIONS = mt940.Options.all()
#: Two digits of a year from here on belong to the last century.
_LAST_CENTURY = 80
_AMOUNT = re.compile(r"[0-9]{1,15}(?:[.,][0-9]{0,2})?|[0-9]{1,15},[0-9]{0,9}|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{0,9}")
_LONG_YEAR = re.compile(r"(?=20[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][ RECD])20(?!(?:0[1-9]|1[0-2])[0-3][0-9][ RECD])")


class _LinePattern(mt940.tags.Statement):
    """The library's statement line with longer references, amounts with dots, and expected entries (EC, ED)."""

    pattern: ClassVar[str] = r"""^\s*
    (?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})
    (?P<entry_month>\d{2}|\s{2})?(?P<entry_day>\d{2}|\s{2})?
    \s{0,4}(?P<status>[RE]?[DC])
    (?P<funds_code>[A-Z])?
    [\n ]{0,3}
    (?P<amount>[\d.,]{1,30})
    [ ]{0,3}
    (?P<id>[A-Z][A-Z0-9 ]{3})?
    (?P<customer_reference>((?!//)[^\n])*)
    (//(?P<bank_reference>[^\n]*))?
    (\n(?P<extra_details>[\s\S]*))?
    $"""

    def split(self, text: str) -> dict[str, str] | None:
        """Return the parts of a line, None if it does not fit. The library would log the text."""
        found = self.re.match(text)
        return {name: part or "" for name, part in found.groupdict().items()} if found else None


class _BalancePattern(mt940.tags.BalanceBase):
    """The library's balance, without a currency in some files."""

    pattern: ClassVar[str] = r"""^\s*
    (?P<status>[DC])R?\s?(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})
    \s?(?P<currency>[A-Z]{3})?\s?(?P<amount>[\d.,]{1,30})\s*$"""

    def split(self, text: str) -> dict[str, str] | None:
        """Return the parts of a balance, None if it does not fit."""
        found = self.re.match(text)
        return {name: part or "" for name, part in found.groupdict().items()} if found else None


_LINE = _LinePattern()
_BALANCE = _BalancePattern()


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement line. `date` is the booking date if the line has one, else the value date."""

    date: dt.date
    amount: Decimal
    is_expected: bool
    customer_reference: str
    bank_reference: str
    supplement: str


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """A balance, negative for money owed. `currency` is "" in files that leave it out."""

    amount: Decimal
    currency: str
    date: dt.date | None


def movement_of(lines: list[str]) -> StatementLine:
    """Return the movement of a statement line. Raises UnreadableRecord."""
    first = _LONG_YEAR.sub("", lines[0].strip(), count=1)
    text = "\n".join([first, *lines[1:]]).rstrip()
    parts = _LINE.split(text) or _LINE.split(text.replace("\n", ""))
    if parts is None:
        raise UnreadableRecord(
            "amount", "unreadable", f"“{first[:60]}” is not a date, a mark of debit or credit and an amount."
        )
    mark = parts["status"].upper()
    valued = _date_of(parts)
    return StatementLine(
        _entry_date(parts, valued) or valued,
        _amount(parts["amount"], mark.removeprefix("E")),
        mark.startswith("E"),
        parts["customer_reference"].strip(),
        parts["bank_reference"].strip(),
        " ".join(parts["extra_details"].split()),
    )


def balance_of(text: str) -> StatedBalance | None:
    """Return a balance, None if the text is none."""
    parts = _BALANCE.split(text)
    if parts is None:
        return None
    try:
        date = _date_of(parts)
    except UnreadableRecord:
        date = None
    try:
        return StatedBalance(_amount(parts["amount"], parts["status"].upper()), parts["currency"].upper(), date)
    except UnreadableRecord:
        return None


def _amount(text: str, mark: str) -> Decimal:
    """Return the amount with its sign: C and RD are money in, D and RC money out."""
    if not _AMOUNT.fullmatch(text):
        raise UnreadableRecord("amount", "unreadable", f"“{text}” is not an amount.")
    plain = text.replace(".", "") if "," in text else text
    amount: Decimal = mt940.models.Amount(plain.rstrip(",."), mark, options=_OPTIONS).amount
    return amount + 0  # minus zero is zero


def _date_of(parts: dict[str, str]) -> dt.date:
    """Return the value date. A bank's February may have 30 days: its last day is meant."""
    fixed: dict[str, Any] = dict(parts)
    if int(fixed["day"]) in (29, 30):
        fixed = mt940.processors.date_fixup_pre_processor(mt940.models.Transactions(), _LINE, fixed)
    year = int(fixed["year"]) + (1900 if int(fixed["year"]) >= _LAST_CENTURY else 2000)
    try:
        return dt.date(year, int(fixed["month"]), int(fixed["day"]))
    except ValueError:
        written = f"{parts['year']}{parts['month']}{parts['day']}"
        raise UnreadableRecord("date", "unreadable", f"“{written}” is not a date of the form YYMMDD.") from None


def _entry_date(parts: dict[str, str], valued: dt.date) -> dt.date | None:
    """Return the booking date, whose year is not written: the one next to the value date. None without one."""
    month, day = parts["entry_month"], parts["entry_day"]
    if not (month.isdigit() and day.isdigit()):
        return None
    candidates = []
    for year in (valued.year - 1, valued.year, valued.year + 1):
        try:
            candidates.append(_date_of({"year": f"{year % 100:02}", "month": month, "day": day}))
        except UnreadableRecord:
            return None  # the value date is certain
    return min(candidates, key=lambda date: abs(date - valued))
