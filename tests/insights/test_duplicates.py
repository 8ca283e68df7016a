"""Payments that look charged twice."""

from insights.amounts.duplicates import duplicates
from tests.insights.payments import FIRST_DAY, household, payment


def test_a_rent_paid_twice_is_a_duplicate() -> None:
    rents = [payment(n, "950", day=30 * n, payee="landlord") for n in range(6)]
    again = payment(9, "950", day=152, payee="landlord")

    assert [(d.first, d.second) for d in duplicates([*rents, again], since=FIRST_DAY)] == [(5, 9)]


def test_two_coffees_a_day_are_normal_where_they_are_usual() -> None:
    coffees = [payment(n, "2.80", day=n // 2) for n in range(60)]

    assert duplicates(coffees, since=coffees[20].day) == []


def test_another_amount_payee_or_week_is_no_duplicate() -> None:
    paid = [
        payment(0, "40", day=0),
        payment(1, "41", day=1),
        payment(2, "40", day=1, payee="other"),
        payment(3, "40", day=4),
    ]

    assert duplicates(paid, since=FIRST_DAY) == []


def test_refunds_and_payments_without_a_payee_are_no_duplicates() -> None:
    paid = [
        payment(0, "40", payee=""),
        payment(1, "40", payee=""),
        payment(2, "30", kind="refund"),
        payment(3, "30", kind="refund"),
    ]

    assert duplicates(paid, since=FIRST_DAY) == []


def test_what_was_before_the_period_is_not_told_again() -> None:
    paid = [payment(n, "950", day=day, payee="landlord") for n, day in enumerate((0, 1, 31, 61))]

    assert len(duplicates(paid, since=FIRST_DAY)) == 1
    assert duplicates(paid, since=paid[2].day) == []


def test_a_doubled_charge_is_found_among_others() -> None:
    payments = household(7)
    doubled = payment(400, payments[-1].amount, day=200, payee=payments[-1].payee)

    assert [d.second for d in duplicates([*payments, doubled], since=doubled.day)] == [400]
