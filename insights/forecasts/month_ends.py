"""The forecast of a month of a ledger, beside the truth where the month is over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from expenses.ledger.money import minor_units
from expenses.models import Transaction
from expenses.rates.usage import RateUsage
from insights.calendars import Calendar, later_month
from insights.forecasting.bills import Bill, seen_from
from insights.forecasting.curves import CurveDay, curve_of
from insights.forecasting.estimating import INSUFFICIENT
from insights.forecasting.forecasts import Forecast, Outlook, forecast
from insights.forecasting.rounding import rounded_parts
from insights.forecasts.month_spending import read_month_spending


@dataclass(frozen=True, slots=True)
class Truth:
    """What was spent in the end; the categories add up to the total."""

    total: Decimal
    by_category: dict[int | None, Decimal]


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """`as_of`: the forecast is of what was there at the end of that day; what is not recorded then was not there.

    `truth` is None while the month lasts, and where it is not recorded to its end.
    """

    month: dt.date
    as_of: dt.date
    #: Until when anything is known: `as_of`, or the last recorded day before it.
    known_until: dt.date
    #: The last day, until today, on which the ledger has a row; None: it has none.
    recorded_until: dt.date | None
    is_over: bool
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


def last_recorded(ledger_id: int, *, today: dt.date) -> dt.date | None:
    """The last day, until today, on which the ledger has a row of any kind. One query."""
    rows = Transaction.objects.filter(ledger_id=ledger_id, date__lte=today)
    found: dt.date | None = rows.order_by("-date", "-id").values_list("date", flat=True).first()
    return found


def forecast_month(
    *,
    ledger_id: int,
    currency: str,
    calendar: Calendar,
    as_of: dt.date,
    today: dt.date,
    recorded_until: dt.date | None,
    bills: Sequence[Bill] = (),
    has_curve: bool = False,
) -> MonthEnd:
    """The month that `as_of` lies in. One query, one more for the curve, and three where there are other currencies.

    Statements lag: days after the last recorded one are not yet known, and not without spending. A month that is over
    and recorded as far as others is known to its end; to see that takes as many queries again.
    `bills`: what is known today, in the currency. Of an earlier day, only what had been paid by then is looked at.
    """
    month, places = calendar.month_of(as_of), minor_units(currency)
    read = partial(read_month_spending, ledger_id=ledger_id, to=currency, calendar=calendar, has_curve=has_curve)
    until = min(as_of, recorded_until or as_of)
    there, is_over = read(today=until), later_month(month, 1) <= today
    is_whole = recorded_until is None or recorded_until >= later_month(month, 1) or there.is_whole(month, calendar)
    if until < as_of and is_over and is_whole:
        until, there = as_of, read(today=as_of)
    found = forecast(
        there.spent,
        recorded=there.recorded if until >= month else there.recorded_whole(calendar.month_of(until), calendar),
        bills=bills if as_of == today else _known_on(bills, until),
        month=month,
        calendar=calendar,
        today=until,
        places=places,
    )
    curve = None
    if there.by_day is not None:
        curve = curve_of(there.by_day, month=month, calendar=calendar, today=until, places=places)
    return MonthEnd(
        month=month,
        as_of=as_of,
        known_until=until,
        recorded_until=recorded_until,
        is_over=is_over,
        currency=currency,
        forecast=found,
        curve=curve,
        truth=_truth(there.of_month(month), places) if is_over and is_whole else None,
        rates=there.rates,
        n_unconverted=there.n_unconverted,
    )


def _known_on(bills: Sequence[Bill], day: dt.date) -> list[Bill]:
    return [seen for bill in bills if (seen := seen_from(bill, day))]


def _truth(sums: dict[int | None, Decimal], places: int) -> Truth:
    rounded = rounded_parts(list(sums.values()), places=places)
    return Truth(sum(rounded, Decimal(0)), dict(zip(sums, rounded, strict=True)))
