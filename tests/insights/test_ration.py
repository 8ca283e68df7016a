"""The ration keeps anomalies few, however much their worth varies."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.detection import Detection
from insights.anomalies.ration import PastVerdict, listed, worth
from insights.anomalies.unusual_weeks import severity_rank

MONDAY = dt.date(2016, 1, 4)
TEN_YEARS = 520
KINDS = ("unusual_week", "new_merchant", "missing_bill", "price_rise", "duplicate_charge")


def odd(week, stake, kind="unusual_week", subject=1, **fields):
    """An anomaly of a week that is about so many ordinary months of money."""
    day = MONDAY + dt.timedelta(7 * week)
    common: dict[str, Any] = {
        "payee": "",
        "observed": 0.0,
        "expected": 0.0,
        "low": 0.0,
        "high": 0.0,
        "score": 6.0,
        "severity": 1.0,
    }
    common |= {"method": "robust_level", "payments": (week,)}
    return Detection(kind=kind, subject=subject, day=day, week=day, stake=float(stake), **common | fields)


def weeks_of(found):
    return [(one.day - MONDAY).days // 7 for one in found]


@pytest.mark.parametrize("wildness", [0.1, 1.0, 3.0])
def test_about_seven_of_many_anomalies_a_year_are_listed(wildness):
    stakes = np.random.default_rng(3).lognormal(0, wildness, TEN_YEARS)
    assert 55 <= len(listed([odd(i, 1 + stake) for i, stake in enumerate(stakes)], first=MONDAY)) <= 85


@pytest.mark.parametrize("n_each", [1, 5])
def test_all_kinds_share_one_ration(n_each):
    chance = np.random.default_rng(4)
    every = [odd(i, 1 + chance.lognormal(), KINDS[i % n_each]) for i in range(TEN_YEARS)]
    assert 55 <= len(listed(every, first=MONDAY)) <= 85


def test_few_anomalies_are_all_listed():
    assert weeks_of(listed([odd(i, 0.01, "price_rise") for i in range(60, 200, 9)], first=MONDAY)) == [
        *range(60, 200, 9)
    ]


def test_anomalies_of_equal_worth_use_the_ration_of_a_year():
    found = weeks_of(listed([odd(i, 0.5) for i in range(TEN_YEARS)], first=MONDAY))
    assert [week for week in found if week >= 52] == []


def test_ration_of_the_first_year_grows_with_the_history():
    found = weeks_of(listed([odd(i, 1 + i / 1000) for i in range(52)], first=MONDAY))
    assert found == [*range(52)]
    falling = weeks_of(listed([odd(i, 1 - i / 1000) for i in range(52)], first=MONDAY))
    assert falling == [0]


def test_small_bills_never_displace_a_spike():
    bills = [odd(week, 0.1, "missing_bill") for week in range(60, 112, 2)]
    found = listed([*bills, odd(110, 0.3)], first=MONDAY)
    assert odd(110, 0.3) in found


@given(
    st.lists(st.tuples(st.integers(0, 150), st.floats(0, 2), st.sampled_from(KINDS)), max_size=40), st.integers(0, 150)
)
def test_later_anomalies_displace_none(drawn, until):
    every = [odd(week, stake, kind) for week, stake, kind in drawn]
    before = [one for one in every if one.day <= MONDAY + dt.timedelta(7 * until)]
    known = listed(before, first=MONDAY)
    assert listed(every, first=MONDAY)[: len(known)] == known


def test_missing_bill_counts_from_the_day_it_can_be_known():
    late = replace(odd(60, 0.5, "missing_bill"), known_on=MONDAY + dt.timedelta(7 * 63))
    week = odd(61, 0.3)
    assert listed([late, week], first=MONDAY) == [week, late]


def verdicts(n, *, is_useful, kind="unusual_week", subject=1, day=MONDAY):
    return [PastVerdict(kind, subject, is_useful, day)] * n


def test_verdicts_change_the_worth_of_later_anomalies_alone():
    one = odd(60, 0.4)
    assert worth(one, verdicts(4, is_useful=True)) == pytest.approx(0.8)
    assert worth(one, verdicts(4, is_useful=False)) == pytest.approx(0.2)
    assert worth(one, verdicts(1, is_useful=False)) == pytest.approx(0.32)
    assert worth(one, verdicts(100, is_useful=False)) == pytest.approx(0.4 / 3)
    assert worth(one, verdicts(4, is_useful=False, day=one.day)) == 0.4
    assert worth(one, verdicts(4, is_useful=True, subject=2)) == pytest.approx(0.4 * 2**0.5)
    assert worth(one, verdicts(4, is_useful=True, subject=2, kind="price_rise")) == 0.4


def test_unusual_weeks_are_worth_more_than_ordinary_ones():
    assert worth(odd(60, 0.4, score=3.0)) == pytest.approx(0.2)
    assert worth(odd(60, 0.4, score=30.0)) == pytest.approx(0.4)
    assert worth(odd(60, 0.4, "missing_bill", severity=0.75)) == pytest.approx(0.3)


def test_severity_rank_is_the_share_of_less_severe_weeks():
    severities = np.array([1.0, 2.0, 3.0, 4.0, 2.5])
    assert severity_rank(severities, 4) == 0.5
    assert severity_rank(severities, 0) == 0.0
