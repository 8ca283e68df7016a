"""Everything that is odd in a history, and nothing twice. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from insights.calendars import DAYS_OF_A_WEEK, Calendar
from insights.oddities.bills import missing_bills, price_rises
from insights.oddities.charges import double_charges, with_new_merchants
from insights.oddities.findings import Finding
from insights.oddities.known_bills import known_bills
from insights.oddities.weeks import ordinary_months, unusual_weeks
from insights.payments import Payment, Uncounted
from insights.recurring import Recurring
from insights.weekly import OVERALL, WeeklySeries, judge_weeks, weekly_series


def find_oddities(
    payments: Sequence[Payment],
    recurring: Sequence[Recurring],
    *,
    rejected: Sequence[Recurring] = (),
    uncounted: Sequence[Uncounted] = (),
    calendar: Calendar,
    today: dt.date,
) -> list[Finding]:
    """Of spending and its refunds, in order of days; the oddest of a payment, so that none is told twice.

    What is said of a week rests on that week and those before it. `rejected`: what their owner does not want to hear of
    as bills; they were known to come all the same. `uncounted`: rows that do not count, and yet were paid.
    """
    if not payments:
        return []
    known = known_bills(payments, [*recurring, *rejected])
    series = weekly_series(payments, known=known, calendar=calendar, until=today)
    month = _ordinary_month(series[OVERALL])
    judged = {subject: judge_weeks(one) for subject, one in series.items()}
    told = [
        *missing_bills(recurring, payments, calendar=calendar, ordinary_month=month, uncounted=uncounted),
        *price_rises(recurring, payments, calendar=calendar),
        *double_charges(payments, recurring, calendar=calendar, ordinary_month=month),
    ]
    weeks = _untold(unusual_weeks(judged, payments, known=known, calendar=calendar), told)
    told += with_new_merchants(weeks, payments)
    return list(_told_apart(sorted(told, key=lambda finding: (finding.day, finding.key, finding.payments))))


def _told_apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Two of one payee on one day have two keys."""
    seen: Counter[str] = Counter()
    for one in findings:
        seen[one.key] += 1
        yield replace(one, nth=seen[one.key])


def _ordinary_month(whole: WeeklySeries) -> Callable[[dt.date], float]:
    months = ordinary_months(whole.spent + whole.bills)
    return lambda day: float(months[(day - whole.first).days // DAYS_OF_A_WEEK])


def _untold(findings: Iterable[Finding], told: Sequence[Finding]) -> list[Finding]:
    """Those of whose payments something more exact has not been told already.

    That a bill is missing says nothing of the payment before.
    """
    named = {pk for finding in told if finding.kind != "missing_bill" for pk in finding.payments[-1:]}
    return [one for one in findings if not one.payments or not named.issuperset(one.payments)]
