"""The forecast of a month of a ledger, beside the truth where the month is over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from expenses.money import minor_units
from expenses.rates.usage import RateUsage
from insights.calendars import Calendar, later_month
from insights.forecasting.bills import Bill, seen_from
from insights.forecasting.curves import CurveDay, curve_of
from insights.forecasting.estimating import INSUFFICIENT
from insights.forecasting.forecasts import Forecast, Outlook, forecast
from insights.forecasting.rounding import round_parts
from insights.month_spending import read_month_spending


@dataclass(frozen=True, slots=True)
class Truth:
    """What was spent in the end; the categories add up to the total."""

    total: Decimal
    by_category: dict[int | None, Decimal]


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """`as_of`: the forecast is of what was there at the end of that day. `truth` is None while the month lasts."""

    month: dt.date
    as_of: dt.date
    currency: str
    forecast: Forecast
    curve: list[CurveDay] | None
    truth: Truth | None
    rates: RateUsage
    n_unconverted: int

    @property
    def categories(self) -> list[Outlook]:
        """What was or will be spent in, the most first; with what nobody foresaw."""
        foreseen = {outlook.category for outlook in self.forecast.categories}
        came = self.truth.by_category if self.truth else {}
        nothing = Decimal(0)
        unforeseen = [
            Outlook(each, nothing, nothing, None, None, INSUFFICIENT) for each in came if each not in foreseen
        ]
        shown = [
            one
            for one in (*self.forecast.categories, *unforeseen)
            if one.spent or one.predicted or one.high or came.get(one.category)
        ]
        return sorted(shown, key=lambda one: (-one.predicted, one.category is None, one.category or 0))


def forecast_month(
    *,
    ledger_id: int,
    currency: str,
    calendar: Calendar,
    as_of: dt.date,
    today: dt.date,
    bills: Sequence[Bill] = (),
    has_curve: bool = False,
) -> MonthEnd:
    """The month that `as_of` lies in. One query, one more for the curve, and three where there are other currencies.

    `bills`: what is known today, in the currency. Of an earlier day, only what had been paid by then is looked at.
    """
    read = read_month_spending(ledger_id=ledger_id, to=currency, calendar=calendar, today=as_of, has_curve=has_curve)
    month, places = calendar.month_of(as_of), minor_units(currency)
    known = bills if as_of == today else _known_on(bills, as_of)
    found = forecast(read.spent, recorded=read.recorded, bills=known, calendar=calendar, today=as_of, places=places)
    truth = _truth(read.of_month(month), places) if later_month(month, 1) <= today else None
    curve = None
    if read.by_day is not None:
        curve = curve_of(read.by_day, calendar=calendar, today=as_of, places=places)
    return MonthEnd(month, as_of, currency, found, curve, truth, read.rates, read.n_unconverted)


def _known_on(bills: Sequence[Bill], day: dt.date) -> list[Bill]:
    return [seen for bill in bills if (seen := seen_from(bill, day))]


def _truth(sums: dict[int | None, Decimal], places: int) -> Truth:
    rounded = round_parts(list(sums.values()), places=places)
    return Truth(sum(rounded, Decimal(0)), dict(zip(sums, rounded, strict=True)))
