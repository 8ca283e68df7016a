"""Periods and buckets of the user's weeks and months."""

import datetime as dt
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.calendars import Calendar, later
from insights.reports.periods import ONE_DAY, Period, buckets_of, period_around

UNITS = st.sampled_from(["day", "week", "month", "year"])
CALENDARS = st.builds(Calendar, st.integers(1, 7), st.integers(1, 28))
DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2090, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("unit", "calendar", "start", "end", "name", "before"),
    [
        ("day", Calendar(), "2026-11-20", "2026-11-20", "2026-11-20", "2026-11-19"),
        ("week", Calendar(), "2026-11-16", "2026-11-22", "2026-11-16", "2026-11-09"),
        ("week", Calendar(week_start=7), "2026-11-15", "2026-11-21", "2026-11-15", "2026-11-08"),
        ("month", Calendar(), "2026-11-01", "2026-11-30", "2026-11", "2026-10-01"),
        ("month", Calendar(month_start=25), "2026-10-25", "2026-11-24", "2026-10", "2026-09-25"),
        ("year", Calendar(), "2026-01-01", "2026-12-31", "2026", "2025-01-01"),
        ("year", Calendar(month_start=25), "2026-01-25", "2027-01-24", "2026", "2025-01-25"),
    ],
)
def test_a_period_around_a_day_and_the_one_before(unit, calendar, start, end, name, before):
    found = period_around(unit, day("2026-11-20"), calendar)
    assert found == Period(day(start), day(end), unit)
    assert found.name == name
    assert found.previous == Period(day(before), day(start) - ONE_DAY, unit)


def test_the_period_before_has_as_many_days():
    period = Period(day("2026-11-03"), day("2026-11-12"))
    assert (period.name, period.n_days) == ("2026-11-03/2026-11-12", 10)
    assert period.previous == Period(day("2026-10-24"), day("2026-11-02"))


@pytest.mark.parametrize(("today", "n"), [("2026-10-31", 0), ("2026-11-01", 1), ("2026-11-20", 20), ("2026-12-05", 30)])
def test_today_counts_as_elapsed(today, n):
    assert period_around("month", day("2026-11-11"), Calendar()).n_days_elapsed(day(today)) == n


@given(UNITS, CALENDARS, DAYS)
def test_periods_follow_one_another_without_gaps(unit, calendar, some_day):
    period = period_around(unit, some_day, calendar)
    assert period.start <= some_day <= period.end
    assert period_around(unit, period.end + ONE_DAY, calendar).previous == period


@given(UNITS, CALENDARS, DAYS, st.integers(0, 800))
def test_buckets_hold_every_day_of_the_period_once(unit, calendar, start, n):
    period = Period(start, start + dt.timedelta(n))
    buckets = buckets_of(unit, period, calendar, limit=801)
    assert buckets is not None
    assert (buckets[0].start, buckets[-1].end) == (period.start, period.end)
    assert all(one.end + ONE_DAY == other.start for one, other in pairwise(buckets))
    for bucket in buckets:
        whole = (bucket.first, later(unit, bucket.first, 1) - ONE_DAY)
        assert bucket.is_partial == ((bucket.start, bucket.end) != whole)


def test_more_buckets_than_the_limit_are_none():
    assert buckets_of("day", Period(day("2026-01-01"), day("2026-01-10")), Calendar(), limit=9) is None
    assert buckets_of("day", Period(day("1900-01-01"), day("2199-12-31")), Calendar(), limit=1_100) is None


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-01", "2026-12-31", Fraction(12)),
        ("2026-11-01", "2026-11-20", Fraction(20, 30)),
        ("2026-10-17", "2026-11-15", Fraction(15, 31) + Fraction(15, 30)),
        ("2026-11-20", "2026-11-20", Fraction(1, 30)),
    ],
)
def test_months_are_counted_with_their_parts(start, end, months):
    assert Calendar().months_between(day(start), day(end)) == months
