"""The alarm budget keeps alarms few, however much severities vary."""

import numpy as np
import pytest

from insights.anomalies.unusual_weeks import alarm_weeks, severity_rank

TEN_YEARS = 520


@pytest.mark.parametrize("wildness", [0.1, 1.0, 3.0])
def test_about_seven_weeks_a_year_raise_alarms(wildness):
    severities = np.random.default_rng(3).lognormal(0, wildness, TEN_YEARS)
    assert 55 <= len(alarm_weeks(severities)) <= 85


def test_equal_weeks_raise_no_alarm():
    assert alarm_weeks(np.ones(TEN_YEARS)) == []
    assert alarm_weeks(np.zeros(TEN_YEARS)) == []


def test_single_spikes_raise_alarms():
    severities = np.zeros(100)
    severities[[60, 61, 63, 70]] = [5.0, 4.0, 6.0, 2.0]
    assert alarm_weeks(severities) == [60, 61, 63, 70]


def test_first_weeks_raise_no_alarm():
    severities = np.zeros(30)
    severities[5] = 9.0
    assert alarm_weeks(severities) == []


def test_severity_rank_is_the_share_of_less_severe_weeks():
    severities = np.array([1.0, 2.0, 3.0, 4.0, 2.5])
    assert severity_rank(severities, 4) == 0.5
    assert severity_rank(severities, 0) == 0.0
