import datetime as dt
from decimal import Decimal

from insights.recurring import due_between, find_recurring
from tests.insights.recurring.listing import monthly

D = dt.date.fromisoformat


def test_what_is_late_is_still_to_come() -> None:
    found = find_recurring(monthly(5), today=D("2024-06-07"))
    [expected] = due_between(found, D("2024-06-08"), D("2024-06-30"))
    assert (expected.day, expected.amount, expected.is_late) == (D("2024-06-05"), Decimal("9.99"), True)
    assert (expected.low, expected.high, expected.of.payee) == (Decimal("9.99"), Decimal("9.99"), "stream")


def test_each_turn_within_the_time_is_named_in_order() -> None:
    found = find_recurring(
        [*monthly(5, day=31 - 2), *monthly(5, payee="gym", day=1, amount="45", first_id=10)], today=D("2024-05-30")
    )
    days = [(one.day, one.of.payee) for one in due_between(found, D("2024-06-01"), D("2024-07-31"))]
    assert days == [
        (D("2024-06-01"), "gym"),
        (D("2024-06-29"), "stream"),
        (D("2024-07-01"), "gym"),
        (D("2024-07-29"), "stream"),
    ]


def test_what_has_ended_is_not_to_come() -> None:
    found = find_recurring(monthly(5), today=D("2025-01-01"))
    assert [one.status for one in found] == ["ended"]
    assert due_between(found, D("2025-01-01"), D("2025-12-31")) == []


def test_nothing_is_due_before_its_next_day() -> None:
    found = find_recurring(monthly(5), today=D("2024-05-06"))
    assert due_between(found, D("2024-05-07"), D("2024-06-04")) == []
