"""Weeks with more spending than the weeks before them predict. Pure.

All categories of a week and the total together make one detection, of the category that explains the week best.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from insights.anomalies.baseline import WINDOW_WEEKS, in_months, ordinary_months
from insights.anomalies.detection import Detection
from insights.anomalies.evaluation import WeeklyEvaluation
from insights.anomalies.ration import MOST_SCORE
from insights.anomalies.weekly_series import OVERALL, Floats, Subject
from insights.calendars import WEEKS_OF_A_YEAR, Calendar
from insights.payments import Payment

#: The least excess that matters, as a share of an ordinary month.
MATERIAL = 0.1
#: The least excess that matters, in spreads.
LEAST_SCORE = 1.5
#: A week must exceed all of this many weeks before it, the season taken out.
RECORD_WEEKS = 13
#: Weeks with spending that a category needs before a week.
LEAST_ACTIVE_WEEKS = 4
#: The share of the weeks before a week that must have payments.
LEAST_RECORDED = 0.5
#: A category with this share of the total excess stands for the total.
EXPLAINS = 0.5
#: A detection names the largest payments: at most so many, until they explain this share of the excess.
N_PAYMENTS, EXPLAINED = 10, 0.8
#: No week is listed with fewer weeks before it.
LEAST_WEEKS_OF_HISTORY = 12
#: A first payment replaces an unusual week if it makes up this share of the excess.
EXPLAINS_WEEK = 0.8
#: First payments to other payees that a large one is compared with, at least.
LEAST_FIRSTS = 10


def unusual_weeks(
    evaluations: Mapping[Subject, WeeklyEvaluation],
    payments: Sequence[Payment],
    *,
    known: Mapping[int, float],
    calendar: Calendar,
) -> list[Detection]:
    """Return the weeks that may be listed, in order. `evaluations` has the total under OVERALL, with all of its weeks.

    `known` maps ids of payments to the part of their amount that was known to come.
    """
    whole = evaluations[OVERALL]
    n = len(whole.score)
    months = ordinary_months(whole.series.spent + whole.series.bills)
    severities = {}
    for subject, one in evaluations.items():  # all series end with the same week
        n_before = n - len(one.score)
        severities[subject] = np.concatenate([np.zeros(n_before), _severities(one, months[n_before:])])
    severity = np.max(list(severities.values()), axis=0) * _has_records(whole)
    rows: dict[object, list[Payment]] = defaultdict(list)
    for payment in payments:
        rows[calendar.week_of(payment.day)].append(payment)

    found = []
    severity[:LEAST_WEEKS_OF_HISTORY] = 0.0
    for i in np.flatnonzero(severity).tolist():
        unusual = {subject: float(each[i]) for subject, each in severities.items() if each[i]}
        subject = _best_explanation(unusual, evaluations, weeks_ago=n - i)
        one = evaluations[subject]
        place = i - n + len(one.score)
        low, high = one.interval(place)
        observed, expected = float(one.series.spent[place]), float(one.expected[place])
        week = one.series.week(place)
        of_subject = [row for row in rows[week] if subject in {row.category, OVERALL}]
        found.append(
            Detection(
                kind="unusual_week",
                subject=subject,
                payee="",
                day=week,
                week=week,
                observed=observed,
                expected=expected,
                low=low,
                high=high,
                score=float(one.score[place]),
                severity=severity_rank(severity, i),
                method=one.method(place),
                payments=_largest_payments(of_subject, known, excess=observed - expected),
                trend=float(one.trend[place]),
                seasonal=float(one.seasonal[place]),
                period_weeks=int(one.forecast.period_weeks[place]),
                weight=float(one.forecast.weight[place]),
                known_bills=float(one.series.bills[place]),
                n_weeks=min(i, WEEKS_OF_A_YEAR),
                stake=in_months(observed - expected, float(months[i])),
                also=tuple(other for other in unusual if other not in {subject, OVERALL}),
            )
        )
    return found


def _has_records(whole: WeeklyEvaluation) -> NDArray[np.bool_]:
    """Return True for weeks with payments in most weeks of the half year before: a gap in the records is no habit."""
    n = len(whole.score)
    paid = np.concatenate([np.zeros(WINDOW_WEEKS), whole.series.n > 0])
    n_paid = sliding_window_view(paid, WINDOW_WEEKS)[:n].sum(axis=1)
    enough: NDArray[np.bool_] = n_paid >= np.minimum(np.arange(n), WINDOW_WEEKS) * LEAST_RECORDED
    return enough


def _severities(one: WeeklyEvaluation, months: Floats) -> Floats:
    """Return the score of each week times the root of its excess in ordinary months; 0 for weeks that do not matter.

    Either factor alone misleads: small amounts are often unusual, and some weeks are expensive every month.
    """
    spent = one.series.spent
    active = np.cumsum(spent + one.series.bills > 0) - 1
    # A week beside a season's peak may be a record without being as expensive.
    unseasonal = spent - np.nan_to_num(one.seasonal)
    record = sliding_window_view(np.concatenate([np.zeros(RECORD_WEEKS), unseasonal]), RECORD_WEEKS)[: len(spent)]
    excess = spent - one.expected
    matters = (excess >= MATERIAL * months) & (one.score >= LEAST_SCORE) & (active >= LEAST_ACTIVE_WEEKS)
    matters &= unseasonal > record.max(axis=1)
    for i in np.flatnonzero(matters):
        matters[i] = spent[i] > one.interval(int(i))[1]
    shares = np.divide(excess, months, out=np.ones_like(excess), where=months > 0)
    return np.where(matters, np.minimum(one.score, MOST_SCORE) * np.sqrt(np.maximum(shares, 0.0)), 0.0)


def severity_rank(severities: Floats, i: int) -> float:
    """Return the share of the weeks of the year before week `i` that were less severe, from 0 to 1."""
    year = severities[max(0, i - WEEKS_OF_A_YEAR) : i]
    return float((year < severities[i]).mean()) if len(year) else 0.0


def _best_explanation(
    unusual: Mapping[Subject, float], evaluations: Mapping[Subject, WeeklyEvaluation], *, weeks_ago: int
) -> Subject:
    """Return the most severe category, or OVERALL if the total was unusual and no category makes up half of it."""

    def excess(subject: Subject) -> float:
        one = evaluations[subject]
        return float(one.series.spent[-weeks_ago] - one.expected[-weeks_ago])

    categories = [subject for subject in unusual if subject != OVERALL]
    if not categories:
        return OVERALL
    best = max(categories, key=lambda subject: unusual[subject])
    return best if OVERALL not in unusual or excess(best) >= EXPLAINS * excess(OVERALL) else OVERALL


def _largest_payments(rows: Sequence[Payment], known: Mapping[int, float], *, excess: float) -> tuple[int, ...]:
    """Return the largest payments that were not known to come, until they explain most of the excess."""
    unexplained = {row.id: float(row.spent) - known.get(row.id, 0.0) for row in rows}
    found, explained = [], 0.0
    for pk in sorted(unexplained, key=lambda pk: -unexplained[pk])[:N_PAYMENTS]:
        if explained >= EXPLAINED * excess or unexplained[pk] <= 0:
            break
        found.append(pk)
        explained += unexplained[pk]
    return tuple(found)


def with_new_merchants(weeks: Sequence[Detection], payments: Sequence[Payment]) -> Iterator[Detection]:
    """Yield unusual weeks; a week caused by a large first payment to a payee becomes a `new_merchant` instead."""
    firsts: dict[str, Payment] = {}
    for payment in payments:
        if payment.payee and payment.kind == "expense":
            firsts.setdefault(payment.payee, payment)
    first_payments = list(firsts.values())
    place_of = {payment.id: place for place, payment in enumerate(first_payments)}
    for week in weeks:
        place = place_of.get(week.payments[0], 0) if week.payments else 0
        if place < LEAST_FIRSTS:
            yield week
            continue
        first, amount = first_payments[place], float(first_payments[place].amount)
        others = [float(one.amount) for one in first_payments[:place]]
        low, usual, high = (float(quantile) for quantile in np.quantile(others, [0.1, 0.5, 0.9]))
        if amount < EXPLAINS_WEEK * week.excess or amount <= high:
            yield week
            continue
        yield replace(
            week,
            kind="new_merchant",
            subject=first.category,
            payee=first.payee,
            day=first.day,
            observed=amount,
            expected=usual,
            low=low,
            high=high,
            score=amount / usual,
            method="first_payments",
            payments=(first.id,),
            trend=None,
            seasonal=None,
            period_weeks=0,
            weight=0.0,
            also=(),
        )
