"""The product's side of figures about weeks: thin adapters, each None while the product cannot do it.

A worker walks forward week by week; here it takes STRIDE weeks at a time, or STRIDE_OF_FINDINGS: what is said of an
untouched week may know so many weeks more, of bills alone, since a week's judgement rests on the weeks before it.
Weeks with an injection, and those of yearly bills, are the newest.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.households import Household
from benchmarks.weekly_series import EARLIEST, OVERALL, WEEK, Injection, Series
from insights.calendars import Calendar
from insights.payments import Payment

#: A weekly score above it is shown, if the excess matters.
WEEKLY_THRESHOLD = 1.5
STRIDE, STRIDE_OF_FINDINGS = 8, 13
#: The score of a week of which nothing is said.
NOTHING = -1e9
#: Ids of payments that are put in.
FIRST_ID = 10**8
MONDAYS = Calendar()

ScoresOfSeries = tuple[list[float], list[float]]


def score_weeks(
    household: Household, series: Sequence[Series], odd: Mapping[int, Sequence[Injection]]
) -> list[ScoresOfSeries] | None:
    """Of each series the scores of its untouched weeks from EARLIEST on, and of its injections."""
    try:
        import insights.anomalies.evaluation
    except ImportError:
        return None
    assert insights.anomalies.evaluation
    found: list[ScoresOfSeries] = [([], []) for _ in series]
    n = len(series[0].totals) if series else 0
    for start in range(EARLIEST, n, STRIDE):
        weeks = range(start, min(start + STRIDE, n))
        laid_out = _weekly(household, until=series[0].monday(weeks.stop) - dt.timedelta(1))
        for i, one in enumerate(series):
            now = [injection for injection in odd[i] if injection.week in weeks]
            untouched, injected = _scores_of(one, laid_out.get(_subject(one)), weeks, now)
            found[i][0].extend(untouched)
            found[i][1].extend(injected)
    return found


def _scores_of(series: Series, own: Any, weeks: Sequence[int], odd: Sequence[Injection]) -> ScoresOfSeries:
    """Of one series in a few weeks; `own` is the product's, which may begin later or not be there."""
    from insights.anomalies.evaluation import evaluate_weeks

    if own is None:
        return [NOTHING] * len(weeks), [NOTHING] * len(odd)
    offset = (own.first - series.first).days // 7
    scores = evaluate_weeks(own).score
    injected = [_score_with(own, injection.week - offset, injection.extra) for injection in odd]
    return [_at(scores, week - offset) for week in weeks], injected


def _weekly(household: Household, *, until: dt.date) -> Mapping[Any, Any]:
    """The product's series, by what was known on that day."""
    from insights.anomalies.bills import known_bills
    from insights.anomalies.weekly_series import weekly_series
    from insights.recurring import find_recurring

    past = [payment for payment in household.payments if payment.day <= until]
    spending = [payment for payment in past if payment.kind != "income"]
    known = known_bills(spending, find_recurring(past, today=until))
    return weekly_series(spending, known=known, calendar=MONDAYS, until=until) if spending else {}


def _score_with(own: Any, week: int, extra: float) -> float:
    """Of a week with so much more, as the newest."""
    from insights.anomalies.evaluation import evaluate_weeks

    if week < 0:
        return NOTHING
    spent = own.spent[: week + 1].copy()
    spent[week] += extra
    return _at(evaluate_weeks(replace(own, spent=spent, bills=own.bills[: week + 1], n=own.n[: week + 1])).score, week)


def _at(scores: np.ndarray, week: int) -> float:
    return float(scores[week]) if 0 <= week < len(scores) and np.isfinite(scores[week]) else NOTHING


def _subject(series: Series) -> Any:
    from insights.anomalies.weekly_series import OVERALL as WHOLE

    return WHOLE if series.category is OVERALL else series.category


def find_all(payments: Sequence[Payment], *, today: dt.date) -> Sequence[Any] | None:
    """Everything that is shown on a day."""
    try:
        from insights.anomalies.detectors import detect_anomalies
        from insights.recurring import find_recurring
    except ImportError:
        return None
    past = [payment for payment in payments if payment.day <= today]
    recurring = find_recurring(past, today=today)
    spending = [payment for payment in past if payment.kind != "income"]
    return detect_anomalies(spending, recurring, calendar=MONDAYS, today=today)


def listen(household: Household, whole: Series, odd: Sequence[Any]) -> tuple[dict[str, int], Sequence[bool]] | None:
    """Findings by kind on the untouched household from EARLIEST on, and whether each injection was seen.

    A finding counts once, when it is told for the first time.
    """
    n, told, kinds = len(whole.totals), set(), {}
    for start in range(EARLIEST, n, STRIDE_OF_FINDINGS):
        stop = min(start + STRIDE_OF_FINDINGS, n)
        found = find_all(household.payments, today=whole.monday(stop) - dt.timedelta(1))
        if found is None:
            return None
        for finding in found:
            if finding.key not in told and finding.week >= whole.monday(EARLIEST):
                told.add(finding.key)
                kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    return kinds, [_is_heard(household, one.series, one.injection) for one in odd]


def _is_heard(household: Household, series: Series, injection: Injection) -> bool:
    """Whether the week is told with the injection in it, as the newest, for its category or the whole."""
    monday = series.monday(injection.week)
    added = [
        Payment(FIRST_ID + i, monday + dt.timedelta(i % 7), Decimal(str(round(amount, 2))), "expense", f"somebody {i}",
                series.category)
        for i, amount in enumerate(injection.amounts) if round(amount, 2) > 0
    ]  # fmt: skip
    found = find_all(in_order([*household.payments, *added]), today=monday + WEEK - dt.timedelta(1)) or ()
    ids = {payment.id for payment in added}
    return any(one.week == monday and (names(one, series.category) or ids & set(one.payments)) for one in found)


def names(finding: Any, category: int | None) -> bool:
    """Whether it is about the category or the whole."""
    subjects = {finding.subject, *finding.also}
    return bool(subjects & {category, "all"})


def flag_days(trial: Any) -> Mapping[str, bool] | None:
    """Of a trial of `benchmarks.insights_bills`: whether its bills raise an alarm, by figure."""
    from benchmarks.insights_bills import DOUBLED, WITHOUT, YEAR_2, YEAR_3

    bills, double = trial.bills, trial.double
    flags = {
        YEAR_2: _is_told(trial.billed, bills[1].day, bills[1]),
        DOUBLED: _is_told(trial.doubled, double.day, double),
        WITHOUT: _is_told(trial.plain, bills[1].day, bills[1]),
    }
    if len(bills) > 2:
        flags[YEAR_3] = _is_told(trial.billed, bills[2].day, bills[2])
    return None if flags[YEAR_2] is None else {figure: bool(flag) for figure, flag in flags.items()}


def _is_told(payments: Sequence[Payment], day: dt.date, bill: Payment) -> bool | None:
    """At the end of the day's week, whether the week is told for the bill, its category or the whole."""
    monday = MONDAYS.week_of(day)
    found = find_all(payments, today=monday + WEEK - dt.timedelta(1))
    if found is None:
        return None
    return any(one.week == monday and (bill.id in one.payments or names(one, bill.category)) for one in found)


def in_order(payments: Sequence[Payment]) -> list[Payment]:
    return sorted(payments, key=lambda payment: (payment.day, payment.id))


def whole_worker(*, n_categories: int, n_weeks: int) -> Callable[[], object] | None:
    """All that is found in a ledger of so many categories and weeks, with a payment in most weeks of each."""
    chance = np.random.default_rng(5)
    first = dt.date(2020, 1, 6)
    payments = [
        Payment(week * 1000 + category, first + week * WEEK + dt.timedelta(int(chance.integers(7))),
                Decimal(str(round(float(chance.lognormal(3, 0.8)), 2))), "expense", f"payee {category}", category)
        for week in range(n_weeks) for category in range(1, n_categories + 1) if chance.random() < 0.8
    ]  # fmt: skip
    payments = in_order(payments)
    today = first + n_weeks * WEEK - dt.timedelta(1)
    return None if find_all(payments[:50], today=today) is None else lambda: find_all(payments, today=today)
