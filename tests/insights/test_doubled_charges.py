"""Doubled charges are found, and repeats that are the rule are not."""

import datetime as dt
from dataclasses import replace

import pytest

from insights.anomalies.detection import Detection
from insights.anomalies.doubled_charges import double_charges
from insights.calendars import Calendar
from tests.insights.bills import chain_of, paid
from tests.insights.payments import household

RENTS = [paid(month, 30 * month, "800", "rent") for month in range(6)]


def doubles(payments, recurring=(), month=1000.0):
    payments = sorted(payments, key=lambda one: (one.day, one.id))
    found = double_charges(payments, recurring, calendar=Calendar(), ordinary_month=lambda day: month)
    return [one.payments for one in found]


def test_doubled_bill_is_detected_with_all_fields():
    again = paid(90, 152, "800", "rent")
    [found] = double_charges([*RENTS, again], [], calendar=Calendar(), ordinary_month=lambda day: 1000.0)
    assert found == Detection(
        kind="duplicate_charge",
        subject=1,
        payee="rent",
        day=dt.date(2024, 6, 1),
        week=dt.date(2024, 5, 27),
        observed=1600.0,
        expected=800.0,
        low=800.0,
        high=800.0,
        score=1.0,
        severity=0.9,
        method="repeats",
        payments=(5, 90),
        stake=0.8,
    )


def test_rare_payee_has_ten_days_for_a_double():
    assert doubles([*RENTS, paid(90, 160, "805", "rent")]) == [(5, 90)]
    assert doubles([*RENTS, paid(90, 161, "805", "rent")]) == []
    assert doubles([*RENTS, paid(90, 160, "812", "rent")]) == []


def test_frequent_payee_may_repeat_after_a_week():
    often = [paid(n, 7 * n, str(20 + n)) for n in range(20)]
    assert doubles([*often, paid(90, 140, "39")]) == []
    assert doubles([*often[7:], paid(90, 140, "39")]) == [(19, 90)]


def test_payee_with_regular_doubles_raises_no_alarm():
    twice = [paid(50 + n, 30 * n + 8, "800", "rent") for n in range(1, 6)]
    assert doubles([*RENTS, twice[1]]) == [(2, 52)]
    assert doubles([*RENTS, *twice]) == []


def test_second_payment_ever_is_no_double():
    assert doubles([paid(1, 0, "800", "rent"), paid(2, 8, "800", "rent")]) == []


@pytest.mark.parametrize(("month", "found"), [(600.0, [(1, 2)]), (700.0, [])])
def test_small_double_raises_no_alarm(month, found):
    assert doubles([paid(0, -60, "5", "kiosk"), paid(1, 0, "20"), paid(2, 1, "20")], month=month) == found


def test_first_weeks_have_no_doubles():
    assert doubles([paid(1, 0, "20"), paid(2, 1, "20")]) == []


def test_double_is_the_payment_of_the_later_day():
    late_entry = paid(90, 146, "800", "rent")
    chain = chain_of([*RENTS[:5], late_entry], doubled=((90, 5),))
    assert doubles([*RENTS, late_entry], [chain]) == [(90, 5)]


def test_triple_charge_is_two_doubles():
    rents = [paid(month, 30 * month, "800", "rent") for month in range(40)]
    more = [paid(90, 1170, "800", "rent"), paid(91, 1170, "800", "rent")]
    chain = chain_of(rents, doubled=((39, 90), (39, 91)))
    assert [found[-1] for found in doubles([*rents, *more], [chain])] == [90, 91]


def test_income_refunds_and_unknown_payments_are_no_doubles():
    wages = chain_of(RENTS, kind="income", doubled=((1, 2),))
    assert doubles(RENTS, [wages]) == []
    assert doubles(RENTS, [chain_of(RENTS, doubled=((1, 700),))]) == []
    assert doubles([paid(n, n, "20", kind="refund") for n in range(3)]) == []
    assert doubles([paid(n, n, "20", "") for n in range(3)]) == []


def test_parts_of_a_split_are_no_double():
    halves = [paid(80 + n, 150, "90", "hardware", whole=7) for n in range(2)]
    assert doubles([*RENTS, *halves]) == []
    assert doubles([*RENTS, *(paid(80 + n, 150, "90", "hardware") for n in range(2))]) == [(80, 81)]


#: Ten weeks before all others.
EARLIER = paid(900, -70, "5", "kiosk")


def test_usual_repeats_are_no_doubles():
    coffees = [paid(n, n // 2, "2.80") for n in range(60)]
    assert [second for _, second in doubles([EARLIER, *coffees], month=0.0) if second >= 20] == []


def test_another_amount_payee_or_week_is_no_double():
    others = [paid(0, 0, "40"), paid(1, 1, "41"), paid(2, 1, "40", "other"), paid(3, 4, "40")]
    assert doubles([EARLIER, *others], month=0.0) == []


def test_refunds_and_payments_without_a_payee_are_no_doubles():
    nameless = [paid(n, n, "40", "") for n in range(2)]
    refunds = [paid(2 + n, n, "30", kind="refund") for n in range(2)]
    assert doubles([EARLIER, *nameless, *refunds], month=0.0) == []


def test_a_repeat_is_a_double_and_later_rents_are_none():
    paid_on = [paid(n, day, "950", "landlord") for n, day in enumerate((0, 1, 31, 61))]
    assert doubles([EARLIER, *paid_on], month=0.0) == [(0, 1)]


def test_a_doubled_charge_is_found_among_others():
    payments = household(7)
    doubled = replace(payments[-1], id=400, day=payments[-1].day + dt.timedelta(1))
    assert (payments[-1].id, 400) in doubles([*payments, doubled], month=0.0)
