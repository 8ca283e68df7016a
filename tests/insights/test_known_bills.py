"""Payments are known to come from earlier payments alone."""

import datetime as dt
from decimal import Decimal

from insights.anomalies.bills import known_bills
from insights.payments import Payment
from insights.recurring.detection import find_recurring

TODAY = dt.date(2026, 11, 1)


def payment(pk, day, amount, payee="insurance"):
    return Payment(pk, dt.date.fromisoformat(day), Decimal(amount), "expense", payee, 1)


def known(payments):
    return known_bills(payments, find_recurring(payments, today=TODAY))


def test_monthly_bill_is_known_from_the_third_on():
    rents = [payment(month, f"2026-{month:02}-03", "800", "rent") for month in range(1, 7)]
    assert known(rents) == {3: 800.0, 4: 800.0, 5: 800.0, 6: 800.0}


def test_excess_over_the_known_amount_is_unknown():
    rents = [payment(month, f"2026-{month:02}-03", "800" if month < 6 else "900", "rent") for month in range(1, 7)]
    assert known(rents)[6] == 800.0


def test_yearly_bill_is_known_in_the_second_year():
    assert known([payment(1, "2024-03-10", "600"), payment(2, "2025-03-08", "630")]) == {2: 600.0}


def test_doubled_bill_is_known_once():
    bills = [payment(1, "2024-03-10", "600"), payment(2, "2025-03-08", "600"), payment(3, "2025-03-10", "600")]
    assert known(bills) == {2: 600.0}


def test_other_amount_or_season_is_unknown():
    assert known([payment(1, "2024-03-10", "600"), payment(2, "2025-03-08", "1000")]) == {}
    assert known([payment(1, "2024-03-10", "600"), payment(2, "2025-05-08", "600")]) == {}


def test_frequent_shop_has_no_yearly_bill():
    days = [dt.date(2024, 1, 3) + dt.timedelta(17 * n + n * n % 5) for n in range(40)]
    visits = [payment(n, day.isoformat(), str(20 + 13 * n % 29), "shop") for n, day in enumerate(days)]
    assert known(visits) == {}


def test_later_payments_change_nothing():
    bills = [payment(n, f"{2020 + n}-03-10", "600") for n in range(5)]
    for n in range(5):
        assert known(bills[:n]) == {pk: amount for pk, amount in known(bills).items() if pk < n}
