"""Unusual weeks: which they are, their subject, and the payments that caused them."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from insights.anomalies.baseline import ordinary_months
from insights.anomalies.detection import Detection
from insights.anomalies.evaluation import evaluate_weeks
from insights.anomalies.unusual_weeks import unusual_weeks
from insights.anomalies.weekly_series import OVERALL, weekly_series
from insights.calendars import Calendar
from insights.payments import Payment
from tests.insights.bills import MONDAY, paid

N_WEEKS = 40
SPIKE = 7 * 35


def weekly(category: int | None = 1, amount: int = 50, n_weeks: int = N_WEEKS, first_id: int = 0) -> list[Payment]:
    """Return a payment of about the same amount on each Wednesday."""
    return [paid(first_id + n, 7 * n + 2, str(amount + n % 5 - 2), category=category) for n in range(n_weeks)]


def found_in(payments, known=None, week_start=1):
    """Return the unusual weeks until the Sunday of the last week."""
    known, calendar = known or {}, Calendar(week_start)
    until = MONDAY + dt.timedelta(7 * N_WEEKS - 1)
    series = weekly_series(payments, known=known, calendar=calendar, until=until)
    judged = {subject: evaluate_weeks(one) for subject, one in series.items()}
    return unusual_weeks(judged, payments, known=known, calendar=calendar)


def test_even_spending_has_no_unusual_weeks():
    assert found_in(weekly()) == []


def test_spike_is_detected_with_all_fields():
    [found] = found_in([*weekly(), paid(100, SPIKE, "400")])
    rounded: dict[str, Any] = {
        field.name: round(value, 2) if isinstance(value := getattr(found, field.name), float) else value
        for field in dataclasses.fields(found)
    }
    assert Detection(**rounded) == Detection(
        kind="unusual_week",
        subject=1,
        payee="",
        day=dt.date(2024, 9, 2),
        week=dt.date(2024, 9, 2),
        observed=448.0,
        expected=50.08,
        low=48.08,
        high=52.17,
        score=rounded["score"],
        severity=1.0,
        method="robust_level",
        payments=(100,),
        trend=50.08,
        seasonal=0.0,
        period_weeks=13,
        weight=0.0,
        known_bills=0.0,
        n_weeks=35,
        stake=rounded["stake"],
        also=(),
    )
    assert found.score > 6
    assert found.stake == pytest.approx(397.92 / (50 * 52 / 12), rel=0.05)


def test_category_that_explains_the_week_is_named():
    [found] = found_in([*weekly(), *weekly(2, 80, first_id=200), paid(100, SPIKE, "400", category=2)])
    assert (found.subject, found.also) == (2, ())


def test_two_categories_make_one_detection():
    both = [paid(100, SPIKE, "400"), paid(101, SPIKE, "300", category=2)]
    [found] = found_in([*weekly(), *weekly(2, 80, first_id=200), *both])
    assert (found.subject, found.also, found.payments) == (1, (2,), (100,))


def test_week_without_a_main_category_is_overall():
    base = [row for category in range(6) for row in weekly(category, 50, first_id=100 * category)]
    spread = [paid(900 + category, SPIKE, "200", category=category) for category in range(6)]
    [found] = found_in([*base, *spread])
    assert (found.subject, found.also) == (OVERALL, (0, 1, 2, 3, 4, 5))
    assert set(found.payments) < {900, 901, 902, 903, 904, 905}
    assert len(found.payments) == 5


def test_uncategorized_week_has_no_subject():
    [found] = found_in([*weekly(None), paid(100, SPIKE, "400", category=None)])
    assert (found.subject, found.key) == (None, "unusual_week-none-2024-09-02")


def test_known_bills_make_no_unusual_week():
    payments = [*weekly(), paid(100, SPIKE, "400")]
    assert found_in(payments, known={100: 400.0}) == []
    [found] = found_in(payments, known={100: 100.0})
    assert (found.observed, found.known_bills) == (348.0, 100.0)


def test_week_below_the_quarter_record_raises_no_alarm():
    payments = [*weekly(), paid(100, SPIKE, "400"), paid(101, SPIKE + 14, "390"), paid(102, SPIKE + 28, "430")]
    assert [found.payments for found in found_in(payments)] == [(100,), (102,)]


def test_refunds_reduce_the_week_and_cause_none():
    assert found_in([*weekly(), paid(100, SPIKE, "400"), paid(101, SPIKE + 1, "399", kind="refund")]) == []
    [found] = found_in([*weekly(), paid(100, SPIKE, "400"), paid(101, SPIKE + 1, "50", kind="refund")])
    assert (found.observed, found.payments) == (398.0, (100,))


def test_unusual_weeks_begin_on_the_users_weekday():
    payments = [*weekly(), paid(100, SPIKE - 1, "400")]
    assert [one.week for one in found_in(payments)] == [MONDAY + dt.timedelta(SPIKE - 7)]
    assert [one.week for one in found_in(payments, week_start=7)] == [MONDAY + dt.timedelta(SPIKE - 1)]


def test_immaterial_spike_raises_no_alarm():
    rents = [paid(500 + n, 7 * n, "2000", "rent", category=3) for n in range(N_WEEKS)]
    assert found_in([*weekly(), *rents, paid(100, SPIKE, "400")]) == []


def test_new_category_is_not_evaluated():
    few = [paid(300 + n, SPIKE - 70 + 7 * n, "3", category=7) for n in range(3)]
    found = found_in([*weekly(), *few, paid(100, SPIKE, "60", category=7)])
    assert 7 not in [one.subject for one in found]


@pytest.mark.parametrize("n", [1, 2, 51, 52, 53, 120])
def test_ordinary_month_uses_the_year_before(n):
    spent = np.random.default_rng(3).normal(100, 60, n)
    months = ordinary_months(spent)
    assert np.isnan(months[0])
    for week in range(1, n):
        year = np.maximum(spent[max(0, week - 52) : week], 0)
        expected = np.minimum(year, np.quantile(year, 0.9)).mean() * 52 / 12
        assert months[week] == pytest.approx(expected)
