"""Shared parts of the converters: careful reading of foreign documents, and the result of a conversion."""

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

NAME_LENGTH = 100
GROUP_LENGTH = 50
SHORT_LENGTH = 60
#: Limits on the rules of one document, and on the conditions or actions of one rule.
MAX_RULES = 1000
MAX_PARTS = 200
#: Imported rules run after those with the usual priority of 100.
FIRST_PRIORITY = 101
WIDER = "Without {} it would match more than before, so it comes in switched off; look it over, then switch it on."
NO_SUCH_DAY = "There is no such day."
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TRUE = {"1", "true", "yes"}
FALSE = {"", "0", "false", "no"}

Condition = dict[str, Any]
Action = dict[str, Any]
Body = dict[str, Any]


class DocumentError(Exception):
    """A malformed part of a document; `place` is its path, such as `rules.3.actions`."""

    def __init__(self, place: str, detail: str, code: str = "invalid") -> None:
        super().__init__(f"{place}: {detail}")
        self.place, self.code = place, code
        self.detail = detail


class NotConvertible(Exception):
    """A condition or an action without an equivalent in Outlay; the message says why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule to import, as the API takes it. `index` is its place in the document."""

    index: int
    body: Body


@dataclass(frozen=True, slots=True)
class RuleRefusal:
    """A rule that cannot be read or stored, and why."""

    index: int
    name: str
    errors: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class OmittedPart:
    """A part of a rule that was dropped or changed."""

    rule: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerNames:
    """Names of the ledger's own accounts and of its transfer categories; other products use the names, too."""

    accounts: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ("Transfers",)


@dataclass(frozen=True, slots=True)
class Pack:
    """Name and version of a published set of rules."""

    name: str
    version: str


@dataclass(slots=True)
class RuleConversion:
    """Result of reading a document: rules to import, omitted parts, and rules that cannot be read."""

    format: str
    pack: Pack | None = None
    rules: list[Candidate] = field(default_factory=list)
    left_out: list[OmittedPart] = field(default_factory=list)
    refused: list[RuleRefusal] = field(default_factory=list)

    def leave_out(self, rule: str, what: str, reason: str) -> None:
        """Record that a part of a rule, or the whole rule, was dropped."""
        self.left_out.append(OmittedPart(shorten(rule, NAME_LENGTH), shorten(what, 120), reason))

    def refuse(self, index: int, error: DocumentError, *, name: Any = None) -> None:
        """Record that a rule cannot be read."""
        errors = [{"attr": error.place, "code": "invalid", "detail": error.detail}]
        self.refused.append(RuleRefusal(index, shorten(name) if isinstance(name, str) else "", errors))


def read_object(value: Any, place: str) -> dict[str, Any]:
    """Return the value, which must be an object. Raises DocumentError."""
    if not isinstance(value, dict):
        raise DocumentError(place, "Send an object, in curly braces.")
    return value


def read_list(value: Any, place: str, *, at_most: int | None = None) -> list[Any]:
    """Return the value, which must be a list; null counts as an empty one. Raises DocumentError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise DocumentError(place, "Send a list, in square brackets.")
    if at_most is not None and len(value) > at_most:
        raise DocumentError(place, f"{len(value)} are too many; there can be {at_most}.")
    return value


def read_text(value: Any, place: str) -> str:
    """Return the value, which must be a string or a number; null counts as "". Raises DocumentError."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DocumentError(place, "Write a text.")
    return str(value).strip()


def read_flag(value: Any, place: str, *, default: bool) -> bool:
    """Return a truth value, also as tables write it: 1, "0", "true", "". Raises DocumentError."""
    if value is None:
        return default
    word = str(value).casefold()
    if isinstance(value, bool | int | str) and word in TRUE | FALSE:
        return word in TRUE
    raise DocumentError(place, "Expected true or false.")


def read_number(value: Any, place: str) -> int:
    """Return a whole number, also from digits in a string; null counts as 0. Raises DocumentError."""
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < SHORT_LENGTH:
        digits = value.strip().removeprefix("-")
        if digits.isascii() and digits.isdigit():
            return int(value)
    raise DocumentError(place, "Write a whole number, such as 5.")


def shorten(text: str, length: int = SHORT_LENGTH) -> str:
    """Return the text, cut to the length, with an ellipsis if anything was cut."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def unique_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, cut to a rule's length, and numbered if it is taken in any case."""
    folded = {other.casefold() for other in taken}
    candidate, number = shorten(name, NAME_LENGTH), 2
    while candidate.casefold() in folded:
        suffix = f" ({number})"
        candidate = shorten(name, NAME_LENGTH - len(suffix)) + suffix
        number += 1
    return candidate


def read_day(text: str) -> dt.date:
    """Return the day of an ISO date. Raises NotConvertible."""
    if not ISO_DAY.fullmatch(text):
        raise NotConvertible("Only a day written as 2026-11-20 can be carried over.")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise NotConvertible(NO_SUCH_DAY) from None


def on_day(op: str, day: dt.date, *, shift_days: int = 0) -> Condition:
    """Return a condition `on`, `before` or `after` a day, shifted by some days. Raises NotConvertible."""
    return {"field": "date", "op": op, "value": _shifted(day, shift_days).isoformat()}


def near_day(day: dt.date, days: int) -> Condition:
    """Return a condition on the days up to so many days before or after. Raises NotConvertible."""
    return _between(_shifted(day, -days), _shifted(day, days))


def in_month(year: int, month: int, *, n_months: int = 1) -> Condition:
    """Return a condition on one month, or on several of one year. Raises NotConvertible."""
    try:
        first = dt.date(year, month, 1)
    except ValueError:
        raise NotConvertible(NO_SUCH_DAY) from None
    last = month + n_months - 1
    return _between(first, dt.date(year, last, calendar.monthrange(year, last)[1]))


def _between(first: dt.date, last: dt.date) -> Condition:
    return {"field": "date", "op": "between", "value": [first.isoformat(), last.isoformat()]}


def _shifted(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        raise NotConvertible(NO_SUCH_DAY) from None
