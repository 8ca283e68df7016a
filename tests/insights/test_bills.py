"""Missing bills and price rises."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from insights.anomalies.bills import missing_bills, price_rises
from insights.anomalies.detection import Detection
from insights.calendars import Calendar
from insights.payments import Uncounted
from tests.insights.bills import MONDAY, chain_of, paid

RENTS = [paid(month, 30 * month, "800", "rent") for month in range(6)]
DUE = MONDAY + dt.timedelta(180)
LATER = paid(90, 190, "5")


def missing(payments, chain, month=1000.0, uncounted=()):
    found = missing_bills([chain], payments, calendar=Calendar(), ordinary_month=lambda day: month, uncounted=uncounted)
    return list(found)


def price_rises_of(payments):
    return list(price_rises([chain_of(payments)], payments, calendar=Calendar(), ordinary_month=lambda day: 1000.0))


def rises(amounts, **fields):
    payments = [paid(n, 30 * n, amount, "stream") for n, amount in enumerate(amounts)]
    found = price_rises(
        [chain_of(payments, **fields)], payments, calendar=Calendar(), ordinary_month=lambda day: 1000.0
    )
    return [(one.payments, one.expected, one.observed) for one in found]


def test_missing_bill_is_detected_with_all_fields():
    assert missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE,))) == [
        Detection(
            kind="missing_bill",
            subject=1,
            payee="rent",
            day=DUE,
            week=dt.date(2024, 6, 24),
            observed=0.0,
            expected=800.0,
            low=800.0,
            high=800.0,
            score=1.0,
            severity=0.9,
            method="recurring",
            payments=(5,),
            stake=0.8,
            known_by=RENTS[-1].day,
            known_on=DUE + dt.timedelta(5),
        )
    ]


def test_missing_bill_expects_the_median_amount():
    slipped = [*RENTS[:-1], replace(RENTS[-1], amount=3 * RENTS[-1].amount)]
    [found] = missing([*slipped, LATER], chain_of(slipped, missed=(DUE,)))
    assert found.expected == float(RENTS[0].amount)


def test_missing_bill_needs_a_later_payment():
    chain = chain_of(RENTS, missed=(DUE,))
    assert missing([*RENTS, paid(90, 184, "5")], chain) == []
    assert len(missing([*RENTS, paid(90, 185, "5")], chain)) == 1
    assert missing([], chain) == []


def test_canceled_bill_is_missing_once_per_gap():
    days = [MONDAY + dt.timedelta(day) for day in (180, 210, 240, 330)]
    back = [paid(10 + n, 270 + 30 * n, "800", "rent") for n in range(2)]
    found = missing([*RENTS, *back, paid(90, 400, "5")], chain_of([*RENTS, *back], missed=tuple(days)))
    assert [(one.day, one.payments) for one in found] == [(days[0], (5,)), (days[3], (11,))]


@pytest.mark.parametrize(
    "fields",
    [{"kind": "income"}, {"status": "early"}, {"rhythm": "weekly"}, {"rhythm": "biweekly"}, {"is_varying": True}],
)
def test_uncertain_bills_are_never_missing(fields):
    assert missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE,), **fields)) == []


def test_four_payments_make_no_habit():
    assert missing([*RENTS[:5], LATER], chain_of(RENTS[:5], missed=(DUE,))) != []
    assert missing([*RENTS[:4], LATER], chain_of(RENTS[:4], missed=(DUE,))) == []


@pytest.mark.parametrize(("month", "n"), [(40_000.0, 1), (40_001.0, 0)])
def test_small_missing_bill_raises_no_alarm(month, n):
    assert len(missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE,)), month)) == n


def test_ended_bill_is_still_missing():
    [found] = missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE,), status="ended", confidence=0.0))
    assert found.severity == 0.75


def test_missing_bill_keeps_its_key_when_the_due_day_moves():
    [one] = missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE,)))
    [other] = missing([*RENTS, LATER], chain_of(RENTS, missed=(DUE + dt.timedelta(1),)))
    assert one.day != other.day
    assert one.key == other.key


def test_price_rise_is_detected_once():
    assert rises(["10", "10", "10", "12", "12", "12"]) == [((2, 3), 10.0, 12.0)]
    assert rises(["10", "10", "10", "12", "12", "12", "13"]) == [((2, 3), 10.0, 12.0), ((5, 6), 12.0, 13.0)]


def test_price_rise_is_detected_with_all_fields():
    payments = [paid(n, 30 * n, amount, "stream") for n, amount in enumerate(["10", "9.9", "10", "12"])]
    [found] = price_rises_of(payments)
    assert found == Detection(
        kind="price_rise",
        subject=1,
        payee="stream",
        day=dt.date(2024, 3, 31),
        week=dt.date(2024, 3, 25),
        observed=12.0,
        expected=10.0,
        low=9.9,
        high=10.0,
        score=12 / 10 - 1,
        severity=0.75,
        method="recurring",
        payments=(2, 3),
        stake=found.stake,
    )
    assert found.stake == pytest.approx(2 * 365.25 / 30.4375 / 1000, abs=1e-3)


@pytest.mark.parametrize(
    "amounts",
    [
        ["10", "10", "12"],
        ["10", "10", "10", "10.50"],
        ["10", "10", "10", "9"],
        ["10", "11", "10", "12"],
    ],
    ids=["too few before", "by a twentieth", "falls", "was never stable"],
)
def test_small_or_unstable_changes_are_no_price_rise(amounts):
    assert rises(amounts) == []


def test_rising_wages_are_no_anomaly():
    assert rises(["10", "10", "10", "12"], kind="income") == []


def test_bill_paid_with_another_amount_is_not_missing():
    chain, later = chain_of(RENTS, missed=(DUE,)), paid(90, 400, "5")
    assert len(missing([*RENTS, later], chain)) == 1
    assert missing([*RENTS, paid(89, 181, "950", "rent"), later], chain) == []
    assert missing([*RENTS, later], chain, uncounted=[Uncounted("rent", DUE)]) == []


def test_bill_of_an_account_without_later_payments_is_not_missing():
    rents = [replace(rent, account=1) for rent in RENTS]
    assert missing([*rents, paid(90, 400, "5", account=2)], chain_of(rents, missed=(DUE,))) == []
    assert len(missing([*rents, paid(90, 400, "5", account=1)], chain_of(rents, missed=(DUE,)))) == 1


def test_exchange_rate_change_is_no_price_rise():
    dollars = [replace(one, own=Decimal(100), currency="USD") for one in RENTS]
    dearer = replace(paid(90, 180, "900", "rent"), own=Decimal(100), currency="USD")
    assert risen([*dollars, dearer]) == []
    assert risen([*dollars, replace(dearer, own=Decimal(112))]) == [(5, 90)]


def risen(payments):
    return [one.payments for one in price_rises_of(payments)]
