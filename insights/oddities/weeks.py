"""Weeks in which more was spent than the weeks before them promised. Pure.

All categories of a week, and the whole, make one finding: that of the category which explains it best.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from insights.calendars import Calendar
from insights.oddities.findings import Finding
from insights.oddities.quietness import records, share_of_tamer_weeks
from insights.payments import Payment
from insights.weekly import OVERALL, Judgements, Subject
from insights.weekly.levels import WINDOW_WEEKS
from insights.weekly.series import Floats

#: An excess of less than this share of an ordinary month is nothing to talk about.
MATERIAL = 0.1
#: Less than this many spreads above what was expected is an ordinary week.
LEAST_SCORE = 1.5
#: What one of the last few weeks has reached is not told again.
RECORD_WEEKS = 13
#: Beyond so many spreads a week gets no odder, only dearer.
ODDEST = 6.0
#: What has had fewer weeks with spending before is told as a new merchant or not at all.
LEAST_ACTIVE_WEEKS = 4
#: The share of the weeks before one that have payments, if it is to be compared with them.
LEAST_RECORDED = 0.5
#: A category that makes up this share of the whole's excess stands for it.
EXPLAINS = 0.5
#: Payments that a finding names: the largest, until they explain this share of the excess.
N_PAYMENTS, EXPLAINED = 10, 0.8
MONTHS_OF_A_YEAR, WEEKS_OF_A_YEAR = 12, 52

Known = Mapping[int, float]


def unusual_weeks(
    judged: Mapping[Subject, Judgements], payments: Sequence[Payment], *, known: Known, calendar: Calendar
) -> list[Finding]:
    """At most some a year; in order of their weeks. `judged` has the whole under OVERALL, with all of its weeks."""
    whole = judged[OVERALL]
    months = ordinary_months(whole.series.spent + whole.series.bills)
    scores = {subject: _on_the_wholes_weeks(_severities(one, months), whole) for subject, one in judged.items()}
    severities = np.max(list(scores.values()), axis=0) * _is_recorded(whole)
    rows = _by_week(payments, calendar)
    return [_finding(i, judged, scores, severities, rows, known) for i in records(severities)]


def _is_recorded(whole: Judgements) -> Floats:
    """1 for weeks before which most of half a year has payments, else 0: a gap in what is recorded is no habit."""
    paid = np.concatenate([np.zeros(WINDOW_WEEKS), whole.series.n > 0])
    n_paid = sliding_window_view(paid, WINDOW_WEEKS)[: len(whole.score)].sum(axis=1)
    n_weeks = np.minimum(np.arange(len(whole.score)), WINDOW_WEEKS)
    recorded: Floats = (n_paid >= n_weeks * LEAST_RECORDED).astype(np.float64)
    return recorded


def ordinary_months(spent: Floats) -> Floats:
    """What an ordinary month took, before each week: by the mean of a year of weeks, the largest tenth cut down."""
    found, spent = np.full(len(spent), np.nan), np.maximum(spent, 0.0)
    for i in range(1, min(WEEKS_OF_A_YEAR, len(spent))):
        found[i : i + 1] = _means(spent[np.newaxis, :i])
    if len(spent) > WEEKS_OF_A_YEAR:
        found[WEEKS_OF_A_YEAR:] = _means(sliding_window_view(spent, WEEKS_OF_A_YEAR)[:-1])
    return found * WEEKS_OF_A_YEAR / MONTHS_OF_A_YEAR


def _means(years: Floats) -> Floats:
    """Of each row of weeks."""
    means: Floats = np.minimum(years, np.quantile(years, 0.9, axis=1, keepdims=True)).mean(axis=1)
    return means


def _severities(one: Judgements, months: Floats) -> Floats:
    """How odd each week is times the root of how much money it is about, in ordinary months; 0 where neither matters.

    Either alone misleads: of little things many are odd, and what is dear may be dear every other week.
    """
    months = months[len(months) - len(one.score) :]
    active = np.cumsum(one.series.spent + one.series.bills > 0) - 1
    excess = one.series.spent - one.expected
    matters = (excess >= MATERIAL * months) & (one.score >= LEAST_SCORE) & (active >= LEAST_ACTIVE_WEEKS)
    matters &= one.series.spent > _most_lately(one.series.spent)
    for i in np.flatnonzero(matters):
        matters[i] = one.series.spent[i] > one.interval(int(i))[1]
    shares = np.divide(excess, months, out=np.ones_like(excess), where=months > 0)
    return np.where(matters, np.minimum(one.score, ODDEST) * np.sqrt(np.maximum(shares, 0.0)), 0.0)


def _most_lately(spent: Floats) -> Floats:
    """The most that one of the weeks of a quarter before each week took."""
    padded = np.concatenate([np.zeros(RECORD_WEEKS), spent])
    most: Floats = sliding_window_view(padded, RECORD_WEEKS)[: len(spent)].max(axis=1)
    return most


def _on_the_wholes_weeks(scores: Floats, whole: Judgements) -> Floats:
    """All series end with the same week; what begins later was nothing before."""
    return np.concatenate([np.zeros(len(whole.score) - len(scores)), scores])


def _by_week(payments: Iterable[Payment], calendar: Calendar) -> dict[object, list[Payment]]:
    rows: dict[object, list[Payment]] = defaultdict(list)
    for payment in payments:
        rows[calendar.week_of(payment.day)].append(payment)
    return rows


def _finding(
    i: int,
    judged: Mapping[Subject, Judgements],
    scores: Mapping[Subject, Floats],
    severities: Floats,
    rows: Mapping[object, Sequence[Payment]],
    known: Known,
) -> Finding:
    """Of the week at place `i` of the whole."""
    subject = _best_explanation(i, judged, scores)
    one, place = judged[subject], _place(i, judged[subject], judged[OVERALL])
    low, high = one.interval(place)
    observed, expected = float(one.series.spent[place]), float(one.expected[place])
    week = one.series.week(place)
    return Finding(
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
        severity=share_of_tamer_weeks(severities, i),
        method=one.method(place),
        payments=_contributing(rows[week], subject, known, excess=observed - expected),
        trend=float(one.trend[place]),
        seasonal=float(one.seasonal[place]),
        known_bills=float(one.series.bills[place]),
        n_weeks=min(i, WEEKS_OF_A_YEAR),
        also=tuple(other for other in scores if scores[other][i] and other not in {subject, OVERALL}),
    )


def _place(i: int, one: Judgements, whole: Judgements) -> int:
    return i - (len(whole.score) - len(one.score))


def _best_explanation(i: int, judged: Mapping[Subject, Judgements], scores: Mapping[Subject, Floats]) -> Subject:
    """The oddest category, unless the whole was odd and none makes up half of that."""
    odd = {subject: found[i] for subject, found in scores.items() if found[i] and subject != OVERALL}
    if not odd:
        return OVERALL
    best = max(odd, key=lambda subject: float(odd[subject]))
    excess = _excess(i, judged[best], judged[OVERALL])
    explains = excess >= EXPLAINS * _excess(i, judged[OVERALL], judged[OVERALL])
    return best if explains or not scores[OVERALL][i] else OVERALL


def _excess(i: int, one: Judgements, whole: Judgements) -> float:
    place = _place(i, one, whole)
    return float(one.series.spent[place] - one.expected[place])


def _contributing(rows: Sequence[Payment], subject: Subject, known: Known, *, excess: float) -> tuple[int, ...]:
    """The largest payments that were not known to come, until they explain most of the excess."""
    found, explained = [], 0.0
    unexplained = {
        row.id: float(row.spent) - known.get(row.id, 0.0) for row in rows if subject in {row.category, OVERALL}
    }
    for pk in sorted(unexplained, key=lambda pk: -unexplained[pk])[:N_PAYMENTS]:
        if explained >= EXPLAINED * excess or unexplained[pk] <= 0:
            break
        found.append(pk)
        explained += unexplained[pk]
    return tuple(found)
