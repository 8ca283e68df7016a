"""Laws of all detections, whatever was paid."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.detection import Detection
from insights.anomalies.detectors import detect_anomalies
from insights.calendars import Calendar
from insights.payments import Payment
from tests.insights.bills import MONDAY, detected, paid
from tests.laws import law

WEEKS = 40
KINDS = ["expense", "expense", "expense", "refund"]


@st.composite
def histories(draw: st.DrawFn) -> list[Payment]:
    """Shops, refunds, and bills that may be dearer, doubled or missing."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 7 * WEEKS - 1),
                st.sampled_from([1, 5, 20, 20, 50, 400, 2000]),
                st.sampled_from(["grocer", "cafe", "kiosk", "sofas", ""]),
                st.sampled_from([1, 2, None]),
                st.sampled_from(KINDS),
            ),
            min_size=1,
            max_size=80,
        )
    )
    prices = draw(st.lists(st.sampled_from([0, 100, 100, 100, 130]), max_size=9))
    days = draw(st.lists(st.integers(28, 31), min_size=9, max_size=9))
    bills = [(sum(days[:n]), price, "rent", 3, "expense") for n, price in enumerate(prices) if price]
    again = draw(st.lists(st.sampled_from(bills), max_size=3)) if bills else []
    ordered = sorted([*rows, *bills, *again], key=lambda one: one[0])
    return [
        paid(n, day, str(amount), payee, category=category, kind=kind)
        for n, (day, amount, payee, category, kind) in enumerate(ordered)
    ]


def keys(findings: Sequence[Detection]) -> list[str]:
    return [one.key for one in findings]


def alone(payments: Sequence[Payment], today: dt.date) -> list[Detection]:
    """Return the detections without any recurring payment."""
    return detect_anomalies(payments, [], calendar=Calendar(), today=today)


@given(histories(), st.integers(1, WEEKS))
@law(15)
def test_later_payments_change_no_earlier_week(payments: list[Payment], n_weeks: int) -> None:
    until = MONDAY + dt.timedelta(7 * n_weeks - 1)
    whole = alone(payments, MONDAY + dt.timedelta(7 * WEEKS - 1))
    before = alone([one for one in payments if one.day <= until], until)
    assert [one for one in whole if one.week <= until] == before


@given(histories())
@law(15)
def test_detections_have_unique_keys(payments: list[Payment]) -> None:
    found = keys(detected(payments))
    assert len(set(found)) == len(found)
    assert max(map(len, found), default=0) <= 64


@given(histories())
@law(15)
def test_payment_is_part_of_one_detection(payments: list[Payment]) -> None:
    about_one = [one for one in detected(payments) if one.kind in {"price_rise", "duplicate_charge", "new_merchant"}]
    assert max(Counter(one.payments[-1] for one in about_one).values(), default=0) <= 1


@given(histories())
@law(15)
def test_doubling_all_amounts_changes_no_detection(payments: list[Payment]) -> None:
    assert keys(detected([replace(one, amount=one.amount * 2) for one in payments])) == keys(detected(payments))


@given(histories(), st.randoms(use_true_random=False))
@law(15)
def test_order_within_a_day_changes_no_week(payments: list[Payment], random) -> None:
    until = MONDAY + dt.timedelta(7 * WEEKS - 1)
    shuffled = sorted(payments, key=lambda one: (one.day, random.random()))
    weeks = [[one for one in alone(rows, until) if one.kind == "unusual_week"] for rows in (payments, shuffled)]
    assert [(one.key, one.observed, one.score) for one in weeks[0]] == [
        (one.key, one.observed, one.score) for one in weeks[1]
    ]


def rents(n: int, payee: str = "rent", first_id: int = 0, day: int = 0) -> list[Payment]:
    return [paid(first_id + month, 30 * month + day, "800", payee, category=3) for month in range(n)]


def test_two_doubles_of_one_day_get_two_keys() -> None:
    more = [paid(90, 180, "800", "rent", category=3), paid(91, 180, "800", "rent", category=3)]
    found = [one for one in detected([*rents(7), *more, paid(99, 200, "5")]) if one.kind == "duplicate_charge"]
    first, second = keys(found)
    assert second == f"{first}-2"


def test_missing_bill_keeps_earlier_detections() -> None:
    shop = [paid(300 + n, 7 * n + 2, str(48 + n % 5)) for n in range(48)]
    bills = [*rents(9), replace(paid(20, 270, "2400", "rent"), category=3)]
    known = detected(sorted([*bills, *shop[:40]], key=lambda one: one.day))
    later = detected(sorted([*bills, *shop], key=lambda one: one.day))
    assert set(keys(known)) <= set(keys(later))
    assert "missing_bill" in [one.kind for one in later]


HUGE, TINY = "999999999", "0.01"


@pytest.mark.parametrize(
    "payments",
    [
        [],
        [paid(1, 0, "10")],
        [paid(n, 0, "10", f"shop{n % 3}") for n in range(40)],
        [paid(n, 7 * n, "10", kind="refund") for n in range(40)],
        [paid(n, 7 * n, "900" if n == 20 else "10", kind="refund" if n == 20 else "expense") for n in range(40)],
        [paid(n, 7 * n, TINY) for n in range(40)],
        [paid(n, 7 * n, HUGE) for n in range(40)],
    ],
    ids=["nothing", "one", "one day", "refunds", "a large refund", "cents", "fortunes"],
)
def test_even_spending_has_no_anomalies(payments: list[Payment]) -> None:
    assert [one for one in detected(payments) if one.kind != "duplicate_charge"] == []


def test_fortune_among_cents_has_finite_figures() -> None:
    payments = [paid(n, 7 * n, HUGE if n == 30 else TINY, f"{n}" + "p" * 500) for n in range(40)]
    [found] = detected(payments)
    assert (found.kind, found.payee, found.observed) == ("new_merchant", payments[30].payee, 999_999_999.0)
    assert math.isfinite(found.score)


def test_gap_of_thirty_years_is_handled() -> None:
    payments = [paid(1, 0, "10"), paid(2, 365 * 30, "500"), paid(3, 365 * 30 + 1, "500")]
    assert [one.payments for one in detected(payments)] == [(2, 3)]


@pytest.mark.parametrize("today", [dt.date(2026, 6, 1), dt.date(2199, 12, 31)])
def test_ancient_payment_changes_no_recent_detection(today: dt.date) -> None:
    lately = [
        Payment(10 + n, today - dt.timedelta(7 * (40 - n)), Decimal(400 if n == 35 else 50), "expense", "", 1)
        for n in range(41)
    ]
    ancient = Payment(1, dt.date(1900, 1, 1), Decimal(10), "expense", "shop", 2)
    assert [(one.kind, one.payments) for one in detected([ancient, *lately], today=today)] == [("unusual_week", (45,))]
