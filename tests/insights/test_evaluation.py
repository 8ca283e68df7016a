"""Weeks are evaluated by the weeks before them alone."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.decomposition import PERIODS, decompose
from insights.anomalies.evaluation import evaluate_weeks
from insights.anomalies.weekly_series import OVERALL, WeeklySeries, weekly_series
from insights.calendars import Calendar
from insights.payments import Payment

MONDAY = dt.date(2024, 1, 1)
#: In cents: of the least numbers there are, half is nothing.
AMOUNTS = st.lists(st.integers(0, 1_000_000).map(lambda cents: cents / 100), min_size=1, max_size=60)


def series(spent, bills=None):
    spent = np.array(spent, dtype=float)
    bills = np.zeros(len(spent)) if bills is None else np.array(bills, dtype=float)
    return WeeklySeries(1, MONDAY, spent, bills, np.ones(len(spent), dtype=np.int64))


def payment(pk, day, amount, category=1, kind="expense"):
    return Payment(pk, MONDAY + dt.timedelta(day), Decimal(amount), kind, "shop", category)


@given(AMOUNTS, st.integers(1, 60))
def test_later_weeks_change_no_evaluation(spent, n):
    judged, before = evaluate_weeks(series(spent)), evaluate_weeks(series(spent[:n]))
    np.testing.assert_array_equal(judged.score[:n], before.score)
    np.testing.assert_array_equal(judged.expected[:n], before.expected)


@given(AMOUNTS, st.sampled_from([2.0, 0.5, 1024.0]))
def test_another_currency_changes_no_score(spent, rate):
    here, there = evaluate_weeks(series(spent)).score, evaluate_weeks(series([amount * rate for amount in spent])).score
    np.testing.assert_allclose(here, there)


def test_third_year_changes_no_evaluation_of_earlier_years():
    spent = np.random.default_rng(4).lognormal(4, 0.5, 170)
    judged, before = evaluate_weeks(series(spent)), evaluate_weeks(series(spent[:131]))
    np.testing.assert_array_equal(judged.score[:131], before.score)


def test_too_few_weeks_give_no_score():
    judged = evaluate_weeks(series([50] * 7 + [500]))
    assert np.isnan(judged.score).all()
    assert judged.method(7) == "insufficient_history"


def test_spike_does_not_hide_the_next_spike():
    judged = evaluate_weeks(series([50, 40, 60, 55, 45] * 6 + [500, 50, 50, 500]))
    assert judged.score[30] > 10
    assert judged.score[33] > 10
    assert judged.expected[33] == pytest.approx(52, abs=4)
    assert [judged.method(i) for i in (7, 8, 25)] == ["insufficient_history", "robust_level", "robust_level"]


def test_interval_holds_four_of_five_weeks():
    spent = np.random.default_rng(2).normal(100, 10, 200).clip(0)
    judged = evaluate_weeks(series(spent))
    inside = [judged.interval(i)[0] <= spent[i] <= judged.interval(i)[1] for i in range(60, 200)]
    assert 0.72 <= np.mean(inside) <= 0.88


def test_yearly_season_is_expected():
    year = np.full(52, 50.0)
    year[47:51] = 400
    spent = np.tile(year, 3) * np.random.default_rng(1).uniform(0.9, 1.1, 156)
    judged = evaluate_weeks(series(spent))
    assert judged.method(104 + 48) == "seasonal_decompose"
    assert judged.forecast.period_weeks[104 + 48] == 52
    assert judged.seasonal[104 + 48] > 100
    assert judged.score[104 + 48] < judged.score[52 + 48] / 3


def test_quarterly_season_is_expected_within_a_year():
    quarter = np.full(13, 50.0)
    quarter[4:6] = 150
    spent = np.tile(quarter, 4) * np.random.default_rng(1).uniform(0.9, 1.1, 52)
    judged = evaluate_weeks(series(spent))
    assert (judged.forecast.period_weeks[25:27].tolist(), judged.method(25)) == ([0, 13], "robust_level")
    assert judged.method(43) == "seasonal_decompose"
    assert judged.forecast.weight[43] > 0.5
    assert judged.score[43] < judged.score[17] / 3


def test_weekly_noise_gives_a_season_little_weight():
    spent = np.random.default_rng(7).lognormal(4, 0.6, 156)
    judged = evaluate_weeks(series(spent))
    assert judged.forecast.weight[52:].max() < 0.25
    assert np.nanmax(np.abs(judged.seasonal / judged.trend)) < 0.25


def test_payment_of_long_ago_hides_no_season():
    quarter = np.full(13, 50.0)
    quarter[4] = 150
    spent = np.concatenate([[1000.0], np.zeros(12 + 13 * 60), np.tile(quarter, 44)])
    judged = evaluate_weeks(series(spent))
    assert judged.forecast.weight[-1] > 0.5
    assert judged.forecast.seasonal[-1 - 13 + 4] > 80


def test_parts_of_a_decomposition_add_up():
    spent = np.random.default_rng(7).lognormal(4, 0.6, 120)
    for period in PERIODS:
        found = decompose(spent, period)
        np.testing.assert_allclose(found.trend + found.seasonal + found.residual, spent)
        np.testing.assert_allclose(found.seasonal[period:], found.seasonal[:-period])
        assert found.seasonal[:period].sum() == pytest.approx(0, abs=1e-6)


def test_weekly_series_separate_bills_by_category():
    payments = [
        payment(1, 0, "10"),
        payment(2, 6, "5", category=2),
        payment(3, 15, "3", kind="refund"),
        payment(4, 16, "100", category=2),
    ]
    found = weekly_series(payments, known={4: 90.0}, calendar=Calendar(), until=MONDAY + dt.timedelta(27))
    assert {subject: (one.spent.tolist(), one.bills.tolist(), one.n.tolist()) for subject, one in found.items()} == {
        OVERALL: ([15.0, 0.0, 7.0, 0.0], [0.0, 0.0, 90.0, 0.0], [2, 0, 2, 0]),
        1: ([10.0, 0.0, -3.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1, 0, 1, 0]),
        2: ([5.0, 0.0, 10.0, 0.0], [0.0, 0.0, 90.0, 0.0], [1, 0, 1, 0]),
    }
    assert found[2].week(2) == MONDAY + dt.timedelta(14)


def test_weeks_begin_on_the_users_weekday():
    sunday = weekly_series([payment(1, -1, "1", None)], known={}, calendar=Calendar(7), until=MONDAY)[None]
    assert (sunday.first, sunday.spent.tolist()) == (MONDAY - dt.timedelta(1), [1.0])
