"""What was charged twice, and what was paid to somebody new."""

import datetime as dt

import pytest

from insights.calendars import Calendar
from insights.oddities.charges import double_charges, with_new_merchants
from insights.oddities.findings import Finding
from insights.payments import Payment
from tests.insights.bills import MONDAY, chain_of, paid

RENTS = [paid(month, 30 * month, "800", "rent") for month in range(6)]


def doubles(payments, recurring=(), month=1000.0):
    payments = sorted(payments, key=lambda one: (one.day, one.id))
    found = double_charges(payments, recurring, calendar=Calendar(), ordinary_month=lambda day: month)
    return [one.payments for one in found]


def week(payment, observed=900.0, expected=0.0):
    """An unusual one that the payment made."""
    return Finding(
        kind="unusual_week", subject=1, payee="", day=MONDAY, week=MONDAY, observed=observed, expected=expected,
        low=0.0, high=10.0, score=5.0, severity=0.9, method="stl", payments=(payment.id,), trend=0.0, seasonal=0.0,
        also=(2,),
    )  # fmt: skip


def test_a_bill_that_is_charged_again_is_told_whole():
    again = paid(90, 152, "800", "rent")
    [found] = double_charges([*RENTS, again], [], calendar=Calendar(), ordinary_month=lambda day: 1000.0)
    assert found == Finding(
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
    )


def test_a_payee_that_is_paid_seldom_has_ten_days_for_its_double():
    assert doubles([*RENTS, paid(90, 160, "805", "rent")]) == [(5, 90)]
    assert doubles([*RENTS, paid(90, 161, "805", "rent")]) == []
    assert doubles([*RENTS, paid(90, 160, "812", "rent")]) == []


def test_who_is_paid_often_may_take_the_same_a_week_later():
    often = [paid(n, 7 * n, str(20 + n)) for n in range(20)]
    assert doubles([*often, paid(90, 140, "39")]) == []
    assert doubles([*often[7:], paid(90, 140, "39")]) == [(19, 90)]


def test_who_has_done_so_before_is_not_told_again():
    twice = [paid(50 + n, 30 * n + 8, "800", "rent") for n in range(1, 6)]
    assert doubles([*RENTS, twice[1]]) == [(2, 52)]
    assert doubles([*RENTS, *twice]) == []


def test_the_second_payment_ever_may_be_the_second_of_many():
    assert doubles([paid(1, 0, "800", "rent"), paid(2, 8, "800", "rent")]) == []


@pytest.mark.parametrize(("month", "found"), [(600.0, [(1, 2)]), (700.0, [])])
def test_a_double_of_next_to_nothing_is_none(month, found):
    assert doubles([paid(0, -60, "5", "kiosk"), paid(1, 0, "20"), paid(2, 1, "20")], month=month) == found


def test_in_the_first_weeks_nobodys_rule_is_known():
    assert doubles([paid(1, 0, "20"), paid(2, 1, "20")]) == []


def test_the_later_day_is_the_double_whatever_the_ids_are():
    late_entry = paid(90, 146, "800", "rent")
    chain = chain_of([*RENTS[:5], late_entry], doubled=((90, 5),))
    assert doubles([*RENTS, late_entry], [chain]) == [(90, 5)]


def test_what_was_charged_three_times_is_two_doubles_and_each_is_told_once():
    rents = [paid(month, 30 * month, "800", "rent") for month in range(40)]
    more = [paid(90, 1170, "800", "rent"), paid(91, 1170, "800", "rent")]
    chain = chain_of(rents, doubled=((39, 90), (39, 91)))
    assert [found[-1] for found in doubles([*rents, *more], [chain])] == [90, 91]


def test_neither_income_nor_refunds_nor_strangers_to_the_history_are_doubles():
    wages = chain_of(RENTS, kind="income", doubled=((1, 2),))
    assert doubles(RENTS, [wages]) == []
    assert doubles(RENTS, [chain_of(RENTS, doubled=((1, 700),))]) == []
    assert doubles([paid(n, n, "20", kind="refund") for n in range(3)]) == []
    assert doubles([paid(n, n, "20", "") for n in range(3)]) == []


def test_a_large_first_payment_is_told_of_whom_was_paid():
    firsts = [paid(n, n, str(20 + n), f"shop{n}") for n in range(10)]
    sofa = paid(90, 80, "900", "sofas", category=4)
    [found] = with_new_merchants([week(sofa)], [*firsts, sofa])
    assert (found.kind, found.subject, found.payee, found.day) == ("new_merchant", 4, "sofas", sofa.day)
    assert (found.observed, found.expected, found.low, found.high) == (900.0, 24.5, 20.9, 28.1)
    assert (found.method, found.payments, found.trend, found.seasonal, found.also) == (
        "first_payments", (90,), None, None, (),
    )  # fmt: skip


def first_of(amount: str, n_firsts: int = 10, others: str = "20") -> tuple[Payment, list[Payment]]:
    firsts = [paid(n, n, others, f"shop{n}") for n in range(n_firsts)]
    new = paid(90, 80, amount, "sofas")
    return new, [*firsts, new]


@pytest.mark.parametrize(
    ("amount", "n_firsts", "others"),
    [("900", 9, "20"), ("719", 10, "20"), ("900", 10, "900")],
    ids=["too few firsts before", "explains too little of the week", "no larger than other firsts"],
)
def test_a_first_payment_that_explains_nothing_leaves_the_week_as_it_is(amount, n_firsts, others):
    new, payments = first_of(amount, n_firsts, others)
    assert list(with_new_merchants([week(new)], payments)) == [week(new)]


def test_a_week_of_somebody_known_or_of_nobody_stays_a_week():
    _, payments = first_of("900")
    again = paid(91, 85, "900", "sofas")
    assert list(with_new_merchants([week(again)], [*payments, again])) == [week(again)]
    nobody = paid(92, 86, "900", "")
    assert list(with_new_merchants([week(nobody)], [*payments, nobody])) == [week(nobody)]


def test_the_halves_of_a_split_are_no_double():
    halves = [paid(80 + n, 150, "90", "hardware", whole=7) for n in range(2)]
    assert doubles([*RENTS, *halves]) == []
    assert doubles([*RENTS, *(paid(80 + n, 150, "90", "hardware") for n in range(2))]) == [(80, 81)]
