"""Spending by week, of each category and overall. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from insights.calendars import DAYS_OF_A_WEEK, Calendar
from insights.payments import Payment

OVERALL: Literal["all"] = "all"
#: A category's id, None for what has none, or everything.
Subject = int | None | Literal["all"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeeklySeries:
    """What was spent in each week since the first that had a payment; `n` counts the payments. Equal lengths.

    Bills that were known to come are in `bills`, not in `spent`: they say nothing of how somebody spends.
    """

    subject: Subject
    #: The first day of the first week.
    first: dt.date
    spent: Floats
    bills: Floats
    n: NDArray[np.int64]

    def week(self, i: int) -> dt.date:
        """The first day of a week."""
        return self.first + dt.timedelta(DAYS_OF_A_WEEK * i)


def weekly_series(
    payments: Iterable[Payment], *, known: Mapping[int, float], calendar: Calendar, until: dt.date
) -> dict[Subject, WeeklySeries]:
    """By subject; up to the week of the day `until`. `known`: payment → how much of it was known to come."""
    rows: dict[Subject, list[tuple[dt.date, float, float]]] = defaultdict(list)
    for payment in payments:
        bill = known.get(payment.id, 0.0)
        row = (calendar.week_of(payment.day), float(payment.spent) - bill, bill)
        rows[OVERALL].append(row)
        rows[payment.category].append(row)
    end = calendar.week_of(until)
    return {subject: _series(subject, found, end) for subject, found in rows.items()}


def _series(subject: Subject, rows: list[tuple[dt.date, float, float]], end: dt.date) -> WeeklySeries:
    first = min(week for week, _, _ in rows)
    length = (end - first).days // DAYS_OF_A_WEEK + 1
    places = np.array([(week - first).days // DAYS_OF_A_WEEK for week, _, _ in rows])
    spent, bills = np.zeros(length), np.zeros(length)
    np.add.at(spent, places, [row[1] for row in rows])
    np.add.at(bills, places, [row[2] for row in rows])
    return WeeklySeries(subject, first, spent, bills, np.bincount(places, minlength=length))
