"""Conditions of Actual as conditions here."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from rules.exchange import days
from rules.exchange.actual import amounts, texts
from rules.exchange.actual.documents import ActualDocument, Part
from rules.exchange.conversion import Condition, NotCarried

MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
YEAR = re.compile(r"\d{4}", re.ASCII)
#: “Approximately” a day is up to two days off.
NEAR_DAYS = 2
UNKNOWN_FIELDS = {
    "saved": "A rule here cannot refer to a saved filter.",
    "cleared": "A rule here cannot ask whether a transaction is cleared.",
    "reconciled": "A rule here cannot ask whether a transaction is reconciled.",
    "transfer": "A rule here asks for the category Transfers instead.",
    "parent": "A rule here cannot ask whether a transaction is split.",
}


def conditions_of(part: Part, document: ActualDocument, *, joins_by_or: bool) -> list[Condition]:
    """The conditions that ask the same, to be joined as those of the rule are. Raises NotCarried."""
    if part.op in {"onBudget", "offBudget"}:
        raise NotCarried("Accounts here are not on or off a budget.")
    if part.field == "amount":
        return amounts.conditions_of(part, joins_by_or=joins_by_or)
    if part.field == "date":
        return [_date(part.op, part.value)]
    if part.field not in texts.FIELDS:
        raise NotCarried(UNKNOWN_FIELDS.get(part.field, "Outlay does not know this field."))
    return [texts.condition_of(part, document)]


def _date(op: str, value: Any) -> Condition:
    if not isinstance(value, str):
        raise NotCarried("A rule here cannot ask for days that recur as in a schedule.")
    if op == "is" and (found := MONTH.fullmatch(value)):
        return days.in_month(int(found[1]), int(found[2]))
    if op == "is" and YEAR.fullmatch(value):
        return days.in_year(int(value))
    if op not in DAY_TESTS:
        raise NotCarried(texts.NO_SUCH_TEST)
    return DAY_TESTS[op](days.read_day(value))


def _near(day: dt.date) -> Condition:
    return days.between(days.shift(day, -NEAR_DAYS), days.shift(day, NEAR_DAYS))


DAY_TESTS: dict[str, Callable[[dt.date], Condition]] = {
    "is": days.on,
    "isapprox": _near,
    "gt": days.after,
    "gte": days.since,
    "lt": days.before,
    "lte": days.until,
}
