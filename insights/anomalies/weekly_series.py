"""Weekly spending, by category and overall. Pure."""

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
#: A category's id, None for spending without a category, or all spending.
Subject = int | None | Literal["all"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeeklySeries:
    """Spending of each week since the first one with a payment. All arrays have equal lengths.

    Bills that were known to come are in `bills` instead of `spent`: they say nothing about spending habits.
    """

    subject: Subject
    #: The first day of the first week.
    first: dt.date
    spent: Floats
    bills: Floats
    #: The number of payments of each week.
    n: NDArray[np.int64]

    def week(self, i: int) -> dt.date:
        """Return the first day of the week at index `i`."""
        return self.first + dt.timedelta(DAYS_OF_A_WEEK * i)


def weekly_series(
    payments: Iterable[Payment], *, known: Mapping[int, float], calendar: Calendar, until: dt.date
) -> dict[Subject, WeeklySeries]:
    """Return a series for each category and one for all spending, up to the week of the day `until`.

    `known` maps ids of payments to the part of their amount that was known to come.
    """
    rows: dict[Subject, list[tuple[dt.date, float, float]]] = defaultdict(list)
    for payment in payments:
        bill = known.get(payment.id, 0.0)
        row = (calendar.week_of(payment.day), float(payment.spent) - bill, bill)
        rows[OVERALL].append(row)
        rows[payment.category].append(row)
    series, end = {}, calendar.week_of(until)
    for subject, found in rows.items():
        weeks, spent, bills = zip(*found, strict=True)
        first = min(weeks)
        length = (end - first).days // DAYS_OF_A_WEEK + 1
        places = [(week - first).days // DAYS_OF_A_WEEK for week in weeks]
        series[subject] = WeeklySeries(
            subject,
            first,
            np.bincount(places, spent, minlength=length).astype(np.float64),
            np.bincount(places, bills, minlength=length).astype(np.float64),
            np.bincount(places, minlength=length),
        )
    return series
