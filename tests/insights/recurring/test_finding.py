import datetime as dt
import inspect
from dataclasses import replace
from decimal import Decimal

from insights.recurring.detection import ConfirmedContract, PriceChange, Recurring, find_recurring
from tests.insights.recurring.listing import listed, monthly

D = dt.date.fromisoformat


def found_in(test: object, today: str) -> list[Recurring]:
    return find_recurring(listed(inspect.getdoc(test)), today=D(today))


def test_three_equal_months_are_a_subscription() -> None:
    """
    2026-01-05 9.99 stream
    2026-02-05 9.99 stream
    2026-03-05 9.99 stream
    """
    assert found_in(test_three_equal_months_are_a_subscription, "2026-03-20") == [
        Recurring(
            payee="stream",
            kind="expense",
            rhythm="monthly",
            amount=Decimal("9.99"),
            low=Decimal("9.99"),
            high=Decimal("9.99"),
            payments=(1, 2, 3),
            first_on=D("2026-01-05"),
            last_on=D("2026-03-05"),
            next_on=D("2026-04-05"),
            day_of_month=5,
            window_days=4,
            status="mature",
            confidence=0.9175,
            category=3,
            missed=(),
            raised=None,
            is_varying=False,
            doubled=(),
        )
    ]


def test_two_equal_months_are_a_maybe() -> None:
    """
    2026-01-05 9.99 stream
    2026-02-05 9.99 stream
    """
    [one] = found_in(test_two_equal_months_are_a_maybe, "2026-02-20")
    assert (one.status, one.next_on) == ("early", D("2026-03-05"))
    assert find_recurring(listed(test_two_equal_months_are_a_maybe.__doc__), today=D("2026-03-20")) == []


def test_a_shop_visited_now_and_then_is_not_recurring() -> None:
    """
    2026-01-03 21.40 grocer
    2026-01-08 56.12 grocer
    2026-01-19 8.70 grocer
    2026-02-02 33.05 grocer
    2026-02-21 14.80 grocer
    2026-03-01 61.99 grocer
    2026-03-04 12.30 grocer
    2026-03-29 45.00 grocer
    """
    assert found_in(test_a_shop_visited_now_and_then_is_not_recurring, "2026-03-30") == []


def test_a_price_rise_does_not_break_the_chain() -> None:
    """
    2026-01-05 9.99 stream
    2026-02-05 9.99 stream
    2026-03-05 9.99 stream
    2026-04-05 11.99 stream
    2026-05-05 11.99 stream
    """
    [one] = found_in(test_a_price_rise_does_not_break_the_chain, "2026-05-06")
    assert one.payments == (1, 2, 3, 4, 5)
    assert (one.amount, one.low, one.high) == (Decimal("11.99"), Decimal("11.99"), Decimal("11.99"))
    assert one.raised == PriceChange(Decimal("9.99"), Decimal("11.99"), D("2026-04-05"))


def test_one_other_amount_is_no_new_price_until_it_came_twice() -> None:
    price, other = Decimal(10000), Decimal(30000)
    payments = monthly(20, amount="10000")
    payments[-1] = replace(payments[-1], amount=other)
    [one] = find_recurring(payments, today=payments[-1].day)
    assert (one.amount, one.low, one.high, one.raised, one.status) == (price, price, price, None, "mature")
    payments[-2] = replace(payments[-2], amount=other)
    [one] = find_recurring(payments, today=payments[-1].day)
    assert (one.amount, one.raised) == (other, PriceChange(price, other, payments[-2].day))


def test_two_subscriptions_are_separated_from_purchases_at_one_store() -> None:
    """
    2026-01-03 2.99 store
    2026-01-09 40.00 store
    2026-01-18 9.99 store
    2026-02-03 2.99 store
    2026-02-18 9.99 store
    2026-03-03 2.99 store
    2026-03-18 9.99 store
    2026-04-03 2.99 store
    2026-04-18 9.99 store
    2026-04-30 61.30 store
    2026-05-03 2.99 store
    2026-05-18 9.99 store
    """
    found = found_in(test_two_subscriptions_are_separated_from_purchases_at_one_store, "2026-05-20")
    assert {(one.amount, one.payments, one.status) for one in found} == {
        (Decimal("2.99"), (1, 4, 6, 8, 11), "mature"),
        (Decimal("9.99"), (3, 5, 7, 9, 12), "mature"),
    }


def test_one_missed_payment_is_named_and_forgiven() -> None:
    """
    2026-01-05 9.99 stream
    2026-02-05 9.99 stream
    2026-03-05 9.99 stream
    2026-05-05 9.99 stream
    2026-06-05 9.99 stream
    """
    [one] = found_in(test_one_missed_payment_is_named_and_forgiven, "2026-06-20")
    assert (one.missed, one.status) == ((D("2026-04-05"),), "mature")
    [one] = found_in(test_one_missed_payment_is_named_and_forgiven, "2026-07-10")
    assert (one.missed, one.status, one.next_on) == ((D("2026-04-05"), D("2026-07-05")), "mature", D("2026-08-05"))


def test_two_missed_payments_end_a_chain() -> None:
    payments = monthly(5)
    [late] = find_recurring(payments, today=D("2024-06-09"))
    [ended] = find_recurring(payments, today=D("2024-07-10"))
    assert (late.status, late.next_on, late.missed) == ("mature", D("2024-06-05"), ())
    assert (ended.status, ended.next_on, ended.confidence) == ("ended", None, 0)
    assert ended.missed == (D("2024-06-05"), D("2024-07-05"))


def test_the_last_day_of_the_month_stays_the_last() -> None:
    """
    2025-10-31 800 rent
    2025-11-30 800 rent
    2025-12-31 800 rent
    2026-01-31 800 rent
    """
    [one] = found_in(test_the_last_day_of_the_month_stays_the_last, "2026-02-01")
    assert (one.next_on, one.day_of_month) == (D("2026-02-28"), 31)


def test_a_payment_that_avoids_weekends_is_due_on_workdays() -> None:
    """
    2026-01-01 45 gym
    2026-02-02 45 gym
    2026-03-02 45 gym
    2026-04-01 45 gym
    2026-05-01 45 gym
    2026-06-01 45 gym
    2026-07-01 45 gym
    """
    [one] = found_in(test_a_payment_that_avoids_weekends_is_due_on_workdays, "2026-07-02")
    assert (one.next_on, one.day_of_month) == (D("2026-08-03"), 1)


def test_a_second_payment_of_one_due_date_is_named() -> None:
    """
    2026-01-05 9.99 stream
    2026-02-05 9.99 stream
    2026-03-05 9.99 stream
    2026-03-06 9.99 stream
    2026-04-05 9.99 stream
    """
    [one] = found_in(test_a_second_payment_of_one_due_date_is_named, "2026-04-10")
    assert (one.payments, one.doubled) == ((1, 2, 3, 5), ((3, 4),))


def test_payments_always_made_twice_are_two_contracts() -> None:
    payments = sorted([*monthly(15), *monthly(15, first_id=101)], key=lambda one: one.day)
    found = find_recurring(payments, today=payments[-1].day)
    assert [(one.payments, one.amount, one.status, one.doubled) for one in found] == [
        (tuple(range(start, start + 15)), Decimal("9.99"), "mature", ()) for start in (1, 101)
    ]


def test_a_second_contract_is_a_double_until_its_third_payment() -> None:
    first, second = monthly(12), monthly(12, first_id=101)[8:]
    payments = sorted([*first, *second], key=lambda one: one.day)
    [one] = find_recurring([*first, *second[:2]], today=payments[-1].day)
    assert one.doubled == ((9, 109), (10, 110))
    found = find_recurring(payments, today=payments[-1].day)
    assert {(len(one.payments), one.status, one.doubled) for one in found} == {(12, "mature", ()), (4, "mature", ())}


def test_three_equal_payments_of_each_month_are_three() -> None:
    payments = [*monthly(6), *monthly(6, first_id=101), *monthly(6, first_id=201)]
    found = find_recurring(payments, today=payments[-1].day)
    assert [(len(one.payments), one.doubled) for one in found] == [(6, ())] * 3


def test_a_bill_of_varying_amounts_is_a_maybe_with_a_range() -> None:
    """
    2026-01-15 61.20 power
    2026-02-16 84.90 power
    2026-03-15 72.30 power
    2026-04-15 55.00 power
    2026-05-15 79.10 power
    """
    [one] = found_in(test_a_bill_of_varying_amounts_is_a_maybe_with_a_range, "2026-05-20")
    assert (one.status, one.is_varying) == ("early", True)
    assert (one.amount, one.low, one.high) == (Decimal("72.3"), Decimal(55), Decimal("84.9"))


def test_a_bill_paid_on_any_day_of_each_month_is_a_maybe() -> None:
    """
    2026-01-03 350 car loan
    2026-02-09 360 car loan
    2026-03-17 350 car loan
    2026-04-05 400 car loan
    2026-05-14 350 car loan
    2026-06-02 350 car loan
    2026-07-12 340 car loan
    2026-08-20 350 car loan
    2026-01-04 12 diner
    2026-02-11 51 diner
    2026-03-02 33 diner
    2026-04-15 18 diner
    2026-05-07 74 diner
    2026-06-20 29 diner
    2026-07-05 12 diner
    2026-08-14 40 diner
    """
    [one] = found_in(test_a_bill_paid_on_any_day_of_each_month_is_a_maybe, "2026-08-21")
    assert (one.payee, one.status, len(one.payments), one.amount) == ("car loan", "early", 8, Decimal(350))
    assert one.next_on is not None
    assert one.next_on.month == 9
    assert found_in(test_a_bill_paid_on_any_day_of_each_month_is_a_maybe, "2026-12-01") == []


def test_a_smaller_payment_hides_no_contract() -> None:
    """
    2025-01-18 301.20 insurer
    2025-01-20 41.50 insurer
    2025-02-18 303.50 insurer
    2025-02-20 41.50 insurer
    2025-03-17 303.40 insurer
    2025-03-20 41.50 insurer
    2025-04-18 303.40 insurer
    2025-04-21 41.50 insurer
    2025-05-17 257.10 insurer
    2025-05-20 41.50 insurer
    2025-06-17 303.40 insurer
    2025-06-22 41.50 insurer
    2025-07-18 304.10 insurer
    2025-07-20 41.50 insurer
    2025-08-17 304.20 insurer
    2025-08-20 41.50 insurer
    """
    found = found_in(test_a_smaller_payment_hides_no_contract, "2025-08-21")
    assert {(one.amount, one.status, len(one.payments)) for one in found} == {
        (Decimal("304.20"), "mature", 8),
        (Decimal("41.50"), "mature", 8),
    }


def test_numbers_of_invoices_do_not_hide_a_payee() -> None:
    """
    2026-01-05 30 water works r1001
    2026-02-05 30 water works r1002
    2026-03-05 30 water works r1003
    """
    [one] = found_in(test_numbers_of_invoices_do_not_hide_a_payee, "2026-03-06")
    assert (one.payee, one.payments) == ("water works", (1, 2, 3))


def test_each_rhythm_is_found() -> None:
    """
    2022-03-01 300 insurance
    2023-03-01 300 insurance
    2024-03-01 300 insurance
    2024-01-10 60 tax
    2024-04-10 60 tax
    2024-07-10 60 tax
    2024-05-03 -900 employer
    2024-05-17 -900 employer
    2024-05-31 -900 employer
    2024-06-14 -900 employer
    2024-06-28 -900 employer
    2024-01-01 15 box
    2024-01-29 15 box
    2024-02-26 15 box
    2024-03-25 15 box
    2024-04-22 15 box
    2024-05-20 15 box
    2024-06-17 15 box
    2024-06-03 20 cleaner
    2024-06-10 20 cleaner
    2024-06-17 20 cleaner
    2024-06-24 20 cleaner
    2024-07-01 20 cleaner
    2024-07-08 20 cleaner
    """
    found = {
        one.payee: (one.rhythm, one.kind, one.next_on) for one in found_in(test_each_rhythm_is_found, "2024-07-10")
    }
    assert found == {
        "insurance": ("yearly", "expense", D("2025-03-01")),
        "tax": ("quarterly", "expense", D("2024-10-10")),
        "employer": ("biweekly", "income", D("2024-07-12")),
        "box": ("four_weekly", "expense", D("2024-07-15")),
        "cleaner": ("weekly", "expense", D("2024-07-15")),
    }


def test_a_confirmed_payment_is_mature_however_irregular() -> None:
    """
    2026-01-15 61.20 power
    2026-02-16 84.90 power
    2026-03-15 172.30 power
    2026-03-20 12 power
    """
    claim = ConfirmedContract("power", "expense", "monthly", Decimal(50), Decimal(200))
    payments = listed(test_a_confirmed_payment_is_mature_however_irregular.__doc__)
    [one] = find_recurring(payments, today=D("2026-03-21"))
    assert one.status == "early"
    [one] = find_recurring(payments, today=D("2026-03-21"), confirmed=[claim])
    assert (one.status, one.payments, one.next_on) == ("mature", (1, 2, 3), D("2026-04-15"))
