"""How a month goes: what had been spent by the end of each day, beside an ordinary month."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from insights.calendars import Calendar
from insights.forecasting.rounding import rounded
from insights.forecasting.spending import lay_out
from insights.forecasting.walking import MIN_MONTHS

#: The ordinary month is the median of the last twelve.
MONTHS_OF_A_CURVE = 12


@dataclass(frozen=True, slots=True)
class CurveDay:
    """`spent` is None on days to come, `typical` where there are too few months to tell."""

    day: dt.date
    spent: Decimal | None
    typical: Decimal | None


def curve_of(
    by_day: Mapping[dt.date, Decimal], *, month: dt.date, calendar: Calendar, today: dt.date, places: int
) -> list[CurveDay]:
    """Every day of a month that is known until `today`. `by_day`: what was spent on its days and before."""
    spent: dict[tuple[dt.date, int | None], Decimal] = {(day, None): amount for day, amount in by_day.items()}
    spending = lay_out(spent, recorded=by_day, month=month, calendar=calendar, today=today)
    running = spending.daily.sum(axis=0).cumsum(axis=1)
    past = running[-1 - MONTHS_OF_A_CURVE : -1]
    typical = np.median(past, axis=0) if len(past) >= MIN_MONTHS else None
    found, day = [], spending.months[-1]
    while day <= spending.last_day:
        place = spending.place_of(day)
        now = rounded(running[-1, place], places=places) if day <= today else None
        found.append(CurveDay(day, now, None if typical is None else rounded(typical[place], places=places)))
        day += dt.timedelta(1)
    return found
