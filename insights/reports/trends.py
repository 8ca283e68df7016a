"""Compares the spending of a month with the months before it."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Any, Literal

from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import since, until, within_any
from expenses.ledger.money import round_to_minor_units
from expenses.models import Transaction
from expenses.rates.book import RateUsage
from expenses.reports.totals import add_groups, currency_groups, load_book
from insights.calendars import Calendar, later_month
from insights.querysets import counted_rows, last_recorded
from insights.reports.periods import ONE_DAY, Period
from insights.reports.sums import AmountChange, CategoryLabel, label_category, percent
from insights.reports.timeseries import column_of, first_day

#: How many months before it a month is compared with, in three lengths.
WINDOWS = (3, 6, 12)
N_MONTHS = max(WINDOWS) + 1
#: Changes of less than 10 % are flat: 10 % of a month is three days of spending.
FLAT_BELOW_PERCENT = Decimal("10.00")
#: Nothing may be recorded on a weekend with a holiday: a ledger that begins more days after a month did lacks days of
#: it, and so does one that ends more days before the end of a month that is over.
QUIET_DAYS = 3
Amounts = list[Decimal]


@dataclass(frozen=True, slots=True)
class Trend:
    """A month's amount beside those before it; None where the ledger does not reach back so far."""

    amount: Decimal
    previous: Decimal
    mean: dict[str, Decimal | None]
    median: dict[str, Decimal | None]
    same_month_last_year: Decimal | None
    change: AmountChange
    #: None where there is nothing to compare with, as then the change is.
    direction: Literal["up", "down", "flat"] | None
    label: CategoryLabel | None


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of a month, of its income, its expense, and of every category with spending."""

    period: Period
    today: dt.date
    span: "ComparedSpan"
    currency: str
    n_months_before: int
    expense: Trend
    income: Trend
    #: The category that moved most comes first.
    results: list[Trend]
    rates: dict[str, Any]
    n_unconverted: int
    flat_below_percent: Decimal = FLAT_BELOW_PERCENT

    @property
    def n_days_elapsed(self) -> int:
        return self.period.n_days_elapsed(self.today)

    @property
    def is_over(self) -> bool:
        return self.period.end < self.today


@dataclass(frozen=True, slots=True)
class ComparedSpan:
    """Days of a month that are compared with the same days of the months before, and why not all of them are.

    If nothing can be compared, the days are all that have begun, for the sums.
    """

    start: dt.date
    through: dt.date
    #: False if nothing is recorded on these days, or on those of the month before.
    is_comparable: bool
    note: str | None
    #: The ledger's first day, where the month before lacks days because of it.
    begins_on: dt.date | None = None

    @property
    def compared_from(self) -> dt.date | None:
        return self.start if self.is_comparable else None

    @property
    def compared_through(self) -> dt.date | None:
        return self.through if self.is_comparable else None


def compared_span(
    month: Period, *, today: dt.date, first: dt.date | None, last: dt.date | None, has_before: bool
) -> ComparedSpan:
    """Return the days of a month that can be compared.

    `first` and `last` are the days of the ledger's first row and of its last one until today, of any kind; None without
    rows. `has_before` is true if the month before has a row. Days after the last row are not yet recorded, and not
    without spending.
    """
    begun, before = min(today, month.end), month.previous
    whole = ComparedSpan(month.start, begun, False, None)
    if first is None or last is None:
        return replace(whole, note="Nothing is recorded yet.")
    if last < month.start:
        return replace(whole, note=f"Nothing is recorded in {month.name} yet; the last transaction is of {last}.")
    if first >= month.start:
        note = f"The first transaction is of {first}, so there is no month before to compare with."
        return replace(whole, note=note, begins_on=first)
    if not has_before:
        return replace(whole, note=f"Nothing is recorded in {before.name}, the month before.")
    through, n_skipped = min(begun, last), (first - before.start).days
    if month.end < today and last + QUIET_DAYS * ONE_DAY >= month.end:
        through = month.end
    notes: list[str] = []
    if through < begun:
        notes.append(f"Nothing is recorded after {last}, so later days are not compared.")
    start, begins_on = month.start, None
    if n_skipped > QUIET_DAYS:
        start, begins_on = start + n_skipped * ONE_DAY, first
        notes.append(f"The first transaction is of {first}, so earlier days of a month are not compared.")
    reasons = " ".join(notes) or None
    if start > through:
        return replace(whole, note=reasons, begins_on=begins_on)
    return ComparedSpan(start, through, True, reasons, begins_on)


def spans_of(month: Period, span: ComparedSpan) -> list[tuple[dt.date, dt.date]]:
    """Return the compared days of the month and the same days of each one before it, the newest first.

    A whole month is compared with whole months, however many days they have.
    """
    skipped, n_days = span.start - month.start, (span.through - month.start).days + 1
    found = []
    for age in range(N_MONTHS):
        begun = later_month(month.start, -age)
        last = later_month(begun, 1) - ONE_DAY
        through = last if n_days == month.n_days else min(begun + (n_days - 1) * ONE_DAY, last)
        found.append((begun + skipped, through))
    return found


def find_trends(
    *, ledger_id: int, month: Period, calendar: Calendar, today: dt.date, to: str, catalog: Catalog
) -> Trends:
    """Compare the month in the currency `to`. Takes four queries; three more where there are other currencies."""
    rows, recorded = counted_rows(ledger_id), Transaction.objects.filter(ledger_id=ledger_id)
    first: dt.date | None = recorded.order_by("date", "id").values_list("date", flat=True).first()
    span = compared_span(
        month,
        today=today,
        first=first,
        last=last_recorded(ledger_id, today=today),
        has_before=until(since(recorded, month.previous.start), month.previous.end).exists(),
    )
    spans = spans_of(month, span)
    within = within_any(until(since(rows, spans[-1][0]), spans[0][1]), spans)
    groups = currency_groups(within, by=(column_of("month", calendar), "category", "kind"), to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    expense, income = [Decimal(0)] * N_MONTHS, [Decimal(0)] * N_MONTHS
    by_category: dict[int | None, Amounts] = defaultdict(lambda: [Decimal(0)] * N_MONTHS)
    firsts, n_unconverted = [calendar.month_of(begun) for begun, _ in reversed(spans)], 0
    for (on, category, kind, _), total in add_groups(groups, to=to, rates=rates).items():
        age = N_MONTHS - bisect_right(firsts, first_day(on))
        n_unconverted += total.n_unconverted
        if kind == "income":
            income[age] += total.income
        else:
            expense[age] += total.expense
            by_category[category][age] += total.expense
    n_known = 0 if first is None else sum(begun >= calendar.month_of(first) for begun, _ in spans[1:])
    moved_most = sorted(by_category.items(), key=lambda item: (-abs(item[1][0] - item[1][1]), item[0] is None, item[0]))
    return Trends(
        period=month,
        today=today,
        span=span,
        currency=to,
        n_months_before=n_known,
        expense=_trend(expense, to, n_known, span),
        income=_trend(income, to, n_known, span),
        results=[_trend(amounts, to, n_known, span, label_category(key, catalog)) for key, amounts in moved_most],
        rates=rates.describe(),
        n_unconverted=n_unconverted,
    )


def _trend(
    amounts: Sequence[Decimal], currency: str, n_known: int, span: ComparedSpan, label: CategoryLabel | None = None
) -> Trend:
    """Compare the first of the unrounded amounts with the others, which are of months before it."""

    def known(n: int, amount: Decimal) -> Decimal | None:
        return round_to_minor_units(amount, currency) if n <= n_known else None

    amount, previous = (round_to_minor_units(one, currency) for one in amounts[:2])
    change = amounts[0] - amounts[1]
    share = percent(change, amounts[1])
    is_flat = not change or (share is not None and abs(share) < FLAT_BELOW_PERCENT)
    return Trend(
        amount=amount,
        previous=previous,
        mean={str(n): known(n, sum(amounts[1 : n + 1], Decimal(0)) / n) for n in WINDOWS},
        median={str(n): known(n, median(amounts[1 : n + 1])) for n in WINDOWS},
        same_month_last_year=known(N_MONTHS - 1, amounts[-1]),
        change=AmountChange.between(previous, amount) if span.is_comparable else AmountChange(None, None),
        direction=None if not span.is_comparable else "flat" if is_flat else "up" if change > 0 else "down",
        label=label,
    )
