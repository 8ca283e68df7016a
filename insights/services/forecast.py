"""The forecast of a month of a ledger, beside the truth where the month is over."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import apportion, minor_units, round_to_minor_units
from expenses.rates.conversion import name_rates
from insights.calendars import Calendar, later_month
from insights.forecast.bills import KnownBill, seen_from
from insights.forecast.curve import CurveDay, curve_of
from insights.forecast.month import INSUFFICIENT, LAST_MONTH, MonthForecast, Outlook, forecast
from insights.services.bills import KnownBills
from insights.services.month_spending import MonthSpending, read_month_spending


@dataclass(frozen=True, slots=True)
class CategoryOutlook:
    """Past and future spending of a category, and the actual sum; None while the month lasts."""

    outlook: Outlook
    name: str | None
    actual: Decimal | None


@dataclass(frozen=True, slots=True)
class DueBill:
    """A bill that is expected before the month is over. Amounts are rounded."""

    bill: KnownBill
    due_on: dt.date
    is_late: bool
    category_name: str | None


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The forecast as of the end of a day; rows that are not recorded then were not there."""

    month: dt.date
    as_of: dt.date
    #: Until when anything is known: `as_of`, or the last recorded day before it.
    known_until: dt.date
    #: The last day, until today, on which the ledger has a row; None: it has none.
    recorded_until: dt.date | None
    is_over: bool
    currency: str
    forecast: MonthForecast
    #: None while the month lasts, and where it is not recorded to its end.
    actual_total: Decimal | None
    #: The category with most spending comes first; categories that nobody foresaw are among them.
    by_category: list[CategoryOutlook]
    still_to_come: list[DueBill]
    curve: list[CurveDay] | None
    rates: dict[str, Any]
    n_unconverted: int
    #: How many bills are left out for want of a rate.
    n_bills_without_rate: int
    #: When bills were computed, and whether something was written since.
    bills_computed_at: dt.datetime | None
    is_stale: bool

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def end(self) -> dt.date:
        return later_month(self.month, 1) - dt.timedelta(1)

    @property
    def day(self) -> int:
        return (self.as_of - self.month).days + 1

    @property
    def explanation(self) -> str:
        """Some sentences on what the forecast stands on, what it lacks, and how good it was."""
        found = [_explain_method(self.forecast)]
        if self.forecast.gap is not None and self.known_until >= self.month:
            found.append(_explain_gap(*self.forecast.gap, has_interval=self.forecast.total.interval is not None))
        if self.known_until < self.as_of:
            found.append(f"Nothing is recorded after {self.known_until}, so spending since then is not yet known.")
        if n := self.n_bills_without_rate:
            bills = "1 known bill is" if n == 1 else f"{n} known bills are"
            found.append(f"{bills} left out, because there is no rate for the day.")
        return " ".join(found)


def _explain_gap(first: dt.date, last: dt.date, *, has_interval: bool) -> str:
    lack = f"Nothing is recorded from {first} to {last}, so this month may lack transactions, too."
    return f"{lack} The interval is wide enough for a month of which nothing is recorded yet." if has_interval else lack


def _explain_method(found: MonthForecast) -> str:
    n, error = found.months_used, found.past_error
    if n == 0:
        return "There is no past month yet, so only the spending so far and known bills are counted."
    if found.total.method == LAST_MONTH:
        return "There are fewer than three past months, so the rest of the month is taken from the last one."
    how = (
        f"This adds the spending so far, known bills, and what usually followed after this day in the last {n} months."
    )
    if not found.day:
        how = f"This adds known bills and what else was usually spent in the last {n} months."
    if error is None:
        return f"{how} There are too few past forecasts to say how sure that is."
    if error.n_months == 1:
        return f"{how} The same forecast of the last month was off by {error.share:.0%}."
    return f"{how} The same forecasts of the last {error.n_months} months were off by {error.share:.0%} on average."


def forecast_month(
    *,
    ledger_id: int,
    currency: str,
    calendar: Calendar,
    catalog: Catalog,
    as_of: dt.date,
    today: dt.date,
    recorded_until: dt.date | None,
    known: KnownBills,
    bills_computed_at: dt.datetime | None = None,
    is_stale: bool = False,
    has_curve: bool = False,
) -> MonthEnd:
    """Forecast the month that `as_of` lies in.

    Takes one query, one more for the curve, and three where there are other currencies. Statements lag: days after the
    last recorded one are not yet known, and not without spending. A month that is over and recorded as far as others
    is known to its end; to see that takes as many queries again. `known` are the bills of today, in the currency; on an
    earlier day, only what had been paid by then counts.
    """
    month, places = calendar.month_of(as_of), minor_units(currency)
    unit = Decimal(1).scaleb(-places)

    def read(until: dt.date) -> MonthSpending:
        return read_month_spending(
            ledger_id=ledger_id, to=currency, calendar=calendar, today=until, has_curve=has_curve
        )

    until = min(as_of, recorded_until or as_of)
    there, is_over = read(until), later_month(month, 1) <= today
    is_whole = recorded_until is None or recorded_until >= later_month(month, 1) or there.is_whole(month, calendar)
    if until < as_of and is_over and is_whole:
        until, there = as_of, read(as_of)
    bills = known.bills if as_of == today else [seen for bill in known.bills if (seen := seen_from(bill, until))]
    recorded = there.recorded if until >= month else there.recorded_whole(calendar.month_of(until), calendar)
    found = forecast(
        there.spent,
        recorded=recorded,
        bills=bills,
        month=month,
        calendar=calendar,
        today=until,
        places=places,
    )
    curve = None
    if there.by_day is not None:
        curve = curve_of(
            there.by_day,
            recorded=recorded,
            found=found,
            bills=bills,
            month=month,
            calendar=calendar,
            today=until,
            places=places,
        )
    actual: dict[int | None, Decimal] | None = None
    if is_over and is_whole:
        sums = there.of_month(month)
        actual = dict(zip(sums, apportion(list(sums.values()), unit=unit), strict=True))
    rates = there.rates.describe()
    due_bills = []
    for due in found.still_to_come:
        amounts = (due.bill.amount, due.bill.low, due.bill.high)
        amount, low, high = (round_to_minor_units(one, currency) for one in amounts)
        bill, name = replace(due.bill, amount=amount, low=low, high=high), catalog.name(due.bill.category) or None
        due_bills.append(DueBill(bill, due.on, due.on < as_of, name))
    return MonthEnd(
        month=month,
        as_of=as_of,
        known_until=until,
        recorded_until=recorded_until,
        is_over=is_over,
        currency=currency,
        forecast=found,
        actual_total=None if actual is None else sum(actual.values(), 0 * unit),
        by_category=_by_category(found, actual, catalog, nothing=0 * unit),
        still_to_come=due_bills,
        curve=curve,
        rates=rates | {"rates_used": name_rates(rates["rates_used"], known.rates_used)},
        n_unconverted=there.n_unconverted,
        n_bills_without_rate=known.n_without_rate,
        bills_computed_at=bills_computed_at,
        is_stale=is_stale,
    )


def _by_category(
    found: MonthForecast, actual: dict[int | None, Decimal] | None, catalog: Catalog, *, nothing: Decimal
) -> list[CategoryOutlook]:
    """Return categories with any amount; those that the forecast did not foresee are forecast as nothing."""
    came = actual or {}
    foreseen = {outlook.category for outlook in found.categories}
    unforeseen = [Outlook(one, nothing, nothing, None, None, INSUFFICIENT) for one in came if one not in foreseen]
    shown = [
        one
        for one in (*found.categories, *unforeseen)
        if one.spent or one.predicted or one.high or came.get(one.category)
    ]
    return [
        CategoryOutlook(
            outlook=one,
            name=catalog.name(one.category) or None,
            actual=None if actual is None else came.get(one.category, nothing),
        )
        for one in sorted(shown, key=lambda one: (-one.predicted, one.category is None, one.category or 0))
    ]
