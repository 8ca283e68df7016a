"""Weekly findings of the product, for the tables of `benchmarks.insights`.

A worker walks forward week by week. Here it takes STRIDE or FINDINGS_STRIDE weeks at a time. A week is judged by the
weeks before it, so only bills may be known a few weeks too early. Weeks with an injection, and weeks of yearly bills,
are always the newest.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.households import Household
from benchmarks.weekly_series import EARLIEST, OVERALL, WEEK, Injection, Series
from insights.anomalies.bills import known_bills
from insights.anomalies.decomposition import PERIODS
from insights.anomalies.detectors import detect_anomalies
from insights.anomalies.evaluation import WeeklyEvaluation, evaluate_spending, evaluate_weeks
from insights.anomalies.weekly_series import OVERALL as PRODUCT_OVERALL
from insights.anomalies.weekly_series import weekly_series
from insights.calendars import Calendar
from insights.payments import Payment
from insights.recurring.detection import find_recurring

#: A weekly score above it is shown, if the excess matters.
WEEKLY_THRESHOLD = 1.5
STRIDE, FINDINGS_STRIDE = 8, 13
#: Score of a week without a judgment.
NO_SCORE = -1e9
#: First id of injected payments.
FIRST_ID = 10**8
MONDAYS = Calendar()

ScoresOfSeries = tuple[list[float], list[float]]


def score_weeks(
    household: Household,
    series: Sequence[Series],
    odd: Mapping[int, Sequence[Injection]],
    *,
    periods: Sequence[Sequence[int]],
) -> list[list[ScoresOfSeries]]:
    """Return the scores of untouched weeks from EARLIEST on, and of injections, of each series.

    There is one list for each of the `periods`, which are those of seasons; () stands for none.
    """
    found: list[list[ScoresOfSeries]] = [[([], []) for _ in series] for _ in periods]
    n = len(series[0].totals) if series else 0
    for start in range(EARLIEST, n, STRIDE):
        weeks = range(start, min(start + STRIDE, n))
        laid_out = _weekly(household, until=series[0].monday(weeks.stop) - dt.timedelta(1))
        for i, one in enumerate(series):
            now = [injection for injection in odd[i] if injection.week in weeks]
            own = laid_out.get(PRODUCT_OVERALL if one.category is OVERALL else one.category)
            for of_periods, variant in zip(found, periods, strict=True):
                untouched, injected = _scores_of(one, own, weeks, now, variant)
                of_periods[i][0].extend(untouched)
                of_periods[i][1].extend(injected)
    return found


def _weekly(household: Household, *, until: dt.date) -> Mapping[Any, Any]:
    """Return the product's series from the payments until a day."""
    past = [payment for payment in household.payments if payment.day <= until]
    spending = [payment for payment in past if payment.kind != "income"]
    known = known_bills(spending, find_recurring(past, today=until))
    return weekly_series(spending, known=known, calendar=MONDAYS, until=until) if spending else {}


def _scores_of(
    series: Series, own: Any, weeks: Sequence[int], odd: Sequence[Injection], periods: Sequence[int]
) -> ScoresOfSeries:
    """Score a few weeks of a series; `own` is the product's series, which may begin later or be missing."""
    if own is None:
        return [NO_SCORE] * len(weeks), [NO_SCORE] * len(odd)
    offset = (own.first - series.first).days // 7
    evaluation = evaluate_weeks(own, periods=periods)
    injected = [_score_with(evaluation, injection.week - offset, injection.extra) for injection in odd]
    return [_at(evaluation.score, week - offset) for week in weeks], injected


def _score_with(evaluation: WeeklyEvaluation, week: int, extra: float) -> float:
    """Score a week with additional spending: it is evaluated by the weeks before it alone."""
    if not 0 <= week < len(evaluation.score):
        return NO_SCORE
    spent = max(float(evaluation.series.spent[week]) + extra, 0.0)
    score = (spent - float(evaluation.expected[week])) / float(evaluation.spread[week])
    return score if np.isfinite(score) else NO_SCORE


def _at(scores: np.ndarray, week: int) -> float:
    return float(scores[week]) if 0 <= week < len(scores) and np.isfinite(scores[week]) else NO_SCORE


def find_all(payments: Sequence[Payment], *, today: dt.date) -> Sequence[Any]:
    """Return all findings that are shown on a day."""
    return find_with_and_without_seasons(payments, today=today, periods=(PERIODS,))[0]


def find_with_and_without_seasons(
    payments: Sequence[Payment], *, today: dt.date, periods: Sequence[Sequence[int]] = (PERIODS, ())
) -> list[Sequence[Any]]:
    """Return all findings that are shown on a day, with the seasons of each of the `periods`; () stands for none."""
    past = [payment for payment in payments if payment.day <= today]
    recurring = find_recurring(past, today=today)
    spending = [payment for payment in past if payment.kind != "income"]
    if not spending:
        return [[] for _ in periods]
    common = {"calendar": MONDAYS, "today": today}
    evaluated = [evaluate_spending(spending, recurring, **common, periods=one) for one in periods]
    return [detect_anomalies(spending, recurring, **common, evaluation=one) for one in evaluated]


def count_alarms(household: Household, whole: Series, odd: Sequence[Any]) -> tuple[dict[str, int], list[bool]]:
    """Count findings by kind on the untouched household from EARLIEST on; tell for each injection if it was seen.

    A finding counts once, when it is shown for the first time.
    """
    n, shown, kinds = len(whole.totals), set(), {}
    for start in range(EARLIEST, n, FINDINGS_STRIDE):
        stop = min(start + FINDINGS_STRIDE, n)
        for finding in find_all(household.payments, today=whole.monday(stop) - dt.timedelta(1)):
            if finding.key not in shown and finding.week >= whole.monday(EARLIEST):
                shown.add(finding.key)
                kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    return kinds, [_is_seen(household, one.series, one.injection) for one in odd]


def _is_seen(household: Household, series: Series, injection: Injection) -> bool:
    """Return True if the week with the injection, as the newest, is shown for its category or overall."""
    monday = series.monday(injection.week)
    added = [
        Payment(FIRST_ID + i, monday + dt.timedelta(i % 7), Decimal(str(round(amount, 2))), "expense", f"somebody {i}",
                series.category)
        for i, amount in enumerate(injection.amounts) if round(amount, 2) > 0
    ]  # fmt: skip
    found = find_all(in_order([*household.payments, *added]), today=monday + WEEK - dt.timedelta(1))
    ids = {payment.id for payment in added}
    return any(one.week == monday and (names(one, series.category) or ids & set(one.payments)) for one in found)


def names(finding: Any, category: int | None) -> bool:
    """Return True if the finding is about the category or overall."""
    subjects = {finding.subject, *finding.also}
    return bool(subjects & {category, "all"})


def is_bill_flagged(payments: Sequence[Payment], day: dt.date, bill: Payment) -> bool:
    """Return True if a day's week is shown at its end for the bill, its category or overall."""
    monday = MONDAYS.week_of(day)
    found = find_all(payments, today=monday + WEEK - dt.timedelta(1))
    return any(one.week == monday and (bill.id in one.payments or names(one, bill.category)) for one in found)


def in_order(payments: Sequence[Payment]) -> list[Payment]:
    """Return the payments by day."""
    return sorted(payments, key=lambda payment: (payment.day, payment.id))


def whole_worker(*, n_categories: int, n_weeks: int) -> Callable[[], object]:
    """Return a function that finds all in a ledger of so many categories and weeks, with payments in most weeks."""
    chance = np.random.default_rng(5)
    first = dt.date(2020, 1, 6)
    payments = [
        Payment(week * 1000 + category, first + week * WEEK + dt.timedelta(int(chance.integers(7))),
                Decimal(str(round(float(chance.lognormal(3, 0.8)), 2))), "expense", f"payee {category}", category)
        for week in range(n_weeks) for category in range(1, n_categories + 1) if chance.random() < 0.8
    ]  # fmt: skip
    payments = in_order(payments)
    return lambda: find_all(payments, today=first + n_weeks * WEEK - dt.timedelta(1))
