"""Tells how a month goes day by day: what was spent, what is typical, and what is expected until its end."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from expenses.ledger.money import apportion
from insights.calendars import Calendar, later_month
from insights.forecast.bills import KnownBill, paid_daily
from insights.forecast.methods import MIN_MONTHS
from insights.forecast.month import PLACES_OF_A_FLOAT, MonthForecast
from insights.forecast.spending import LONGEST_MONTH, Floats, lay_out

#: The typical month of a curve is the median of the last twelve.
MONTHS_OF_A_CURVE = 12


@dataclass(frozen=True, slots=True)
class CurveDay:
    """The spending of the month by the end of a day.

    `spent` is None after the last known day, `typical` with few months. `expected` begins on the last known day, where
    it is what was spent. `low` and `high` are None where there is no interval.
    """

    day: dt.date
    spent: Decimal | None
    typical: Decimal | None
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None


def curve_of(
    by_day: Mapping[dt.date, Decimal],
    *,
    recorded: Collection[dt.date],
    found: MonthForecast,
    bills: Sequence[KnownBill],
    month: dt.date,
    calendar: Calendar,
    today: dt.date,
    places: int,
) -> list[CurveDay]:
    """Return every day of a month that is known until `today`, along the forecast that was found with these bills.

    `by_day`: spending on the month's days and before; `recorded`: as for the forecast. The last day has the forecast
    and its interval.
    """
    spent: dict[tuple[dt.date, int | None], Decimal] = {(day, None): amount for day, amount in by_day.items()}
    lately = [day for day in recorded if day >= later_month(month, -MONTHS_OF_A_CURVE)]
    spending = lay_out(spent, recorded=lately, month=month, calendar=calendar, today=today)
    daily = spending.daily.sum(axis=0)
    running = daily.cumsum(axis=1)
    past = running[-1 - MONTHS_OF_A_CURVE : -1]
    typical = np.median(past, axis=0) if len(past) >= MIN_MONTHS else None
    whole = replace(spending, categories=(None,), daily=daily[None])
    others = daily - paid_daily([replace(bill, category=None) for bill in bills], whole)[0]
    last = spending.place_of(spending.last_day)
    course, doubt = _course(others[-1 - MONTHS_OF_A_CURVE : -1], known=spending.day, last=last)

    total, days = found.total, list[CurveDay]()
    coming = sum((due.bill.amount for due in found.still_to_come), Decimal(0))
    rest = float(total.predicted - total.spent - coming)
    least = float(total.spent) if total.low is not None and total.low >= total.spent else -np.inf
    for day in (month + dt.timedelta(n) for n in range((spending.last_day - month).days + 1)):
        place = spending.place_of(day)
        now = None if day > today else _rounded(running[-1, place], places)
        then = None if typical is None else _rounded(typical[place], places)
        expected, low, high = None, None, None
        if day > today:
            due = sum((one.bill.amount for one in found.still_to_come if one.on <= day), Decimal(0))
            middle = float(total.spent) + rest * course[place] + float(due)
            expected = _rounded(middle, places)
            if total.low is not None and total.high is not None:
                below, above = (doubt[place] * float(abs(end - total.predicted)) for end in (total.low, total.high))
                low, high = _rounded(max(middle - below, least), places), _rounded(middle + above, places)
        elif day == today != spending.last_day:
            expected = now
            low, high = (now, now) if total.interval else (None, None)
        days.append(CurveDay(day, now, then, expected, low, high))
    if days[-1].expected is not None:
        days[-1] = replace(days[-1], expected=total.predicted, low=total.low, high=total.high)
    return days


def _course(past: Floats, *, known: int, last: int) -> tuple[Floats, Floats]:
    """Return which share of the rest of a month is usually spent by each of its days, and of the doubt about it.

    `past` is months x places of days, without known bills; `known` places are over, and `last` is that of the last day.
    Both shares are 0 on known days, never fall, and are 1 in the end. The doubt is how far past months were off the
    usual course by each day. Both are medians, as the forecast is: a rare large purchase would be a step on its day.
    Where past months tell nothing, both rise evenly.
    """
    evenly = np.clip((np.arange(LONGEST_MONTH) - known + 1) / max(last + 1 - known, 1), 0, 1)
    after = past[:, known:].cumsum(axis=1)
    whole = np.median(after[:, -1]) if after.size else 0.0
    if whole <= 0:
        return evenly, evenly
    course, doubt = evenly.copy(), evenly.copy()
    course[known:] = np.clip(np.maximum.accumulate(np.median(after, axis=0) / whole), 0, 1)
    off = np.maximum.accumulate(np.median(np.abs(after - whole * course[known:]), axis=0))
    if off[-1] > 0:
        doubt[known:] = off / off[-1]
    course[last:] = doubt[last:] = 1
    return course, doubt


def _rounded(amount: float, places: int) -> Decimal:
    return apportion([Decimal(f"{amount:.{PLACES_OF_A_FLOAT}f}")], unit=Decimal(1).scaleb(-places))[0]
