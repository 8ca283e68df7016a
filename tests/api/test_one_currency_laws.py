"""Laws of reports in one currency: a sum is that of its parts, and complete only if it has all of them."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.money import minor_units
from expenses.models import ExchangeRate
from tests.api.converted import balances, open_account, record, totals
from tests.conftest import Api
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

ECB = {
    "2026-10-30": {"USD": "1.1172", "CHF": "0.9194", "JPY": "175.68"},
    "2026-11-02": {"USD": "1.1186", "CHF": "0.9201"},
}


@pytest.fixture(autouse=True)
def ecb(db):
    for day, rates in ECB.items():
        for quote, rate in rates.items():
            ExchangeRate.objects.create(base="EUR", quote=quote, date=day, rate=Decimal(rate), source="ecb")


ROWS = st.lists(
    st.tuples(
        st.sampled_from([("EUR", 2), ("USD", 2), ("CHF", 2), ("JPY", 0), ("VND", 0)]),
        st.integers(1, 10**8),
        st.sampled_from(["2026-10-30", "2026-10-31", "2026-11-02", "2026-11-05"]),
        st.sampled_from([("Dining", "out"), ("Dining", "in"), ("Salary", "in"), (None, "out")]),
        st.sampled_from(["Giro", "Purse"]),
    ),
    min_size=1,
    max_size=8,
)


def per_euro(currency: str, day: str) -> Fraction | None:
    known = [rates[currency] for date, rates in ECB.items() if date <= day and currency in rates]
    return Fraction(1) if currency == "EUR" else Fraction(known[-1]) if known else None


@law(5)
@given(rows=ROWS)
def test_a_total_in_one_currency_is_the_exact_sum_of_its_rows_rounded_once(ana, rows):
    record_rows(ana, rows)
    for by in ("", "month", "year,category", "account", "merchant", "kind"):
        found = totals(ana, by)["results"]
        for name, exact in exact_sums(rows).items():
            gap = abs(sum(Fraction(one[name]) for one in found) - exact)
            assert gap <= Fraction(1, 200) * len(found)
        unknown = [row for row in rows if per_euro(row[0][0], row[2]) is None]
        assert sum(one["n_unconverted"] for one in found) == len(unknown)
        assert sum(one["n"] for one in found) == len(rows)


def record_rows(api: Api, rows: Any) -> None:
    """Instead of those that are there."""
    for row in api.get("transactions/", {"page_size": 500}).json()["results"]:
        api.delete(f"transactions/{row['id']}/")
    if api.get("accounts/").json()["count"] == 0:
        open_account(api, "Giro", opening_balance="3.33")
        open_account(api, "Purse", currency="USD", opening_balance="-1.01")
    for (currency, places), amount, day, (category, direction), account in rows:
        record(api, str(Decimal(amount).scaleb(-places)), currency, direction, date=day, category=category,
               account=account)  # fmt: skip


def exact_sums(rows: Any) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for (currency, places), amount, day, (category, direction), _ in rows:
        rate = per_euro(currency, day)
        if rate is not None:
            name, sign = ("income", 1) if category == "Salary" else ("expense", 1 if direction == "out" else -1)
            sums[name] += sign * Fraction(amount, 10**places) / rate
    return sums


@law(5)
@given(rows=ROWS, to=st.sampled_from(["EUR", "CHF", "JPY"]))
def test_the_total_of_balances_is_the_sum_of_its_parts_and_complete_only_with_all(ana, rows, to):
    record_rows(ana, rows)
    found = balances(ana, "2026-11-05", currency=to)
    parts = [part for one in found["results"] for part in (one, *one["other_currencies"])]
    worths = [part["in_base"] for part in parts]
    assert Decimal(found["total"]["amount"]) == sum(Decimal(one["amount"]) for one in worths if one["amount"])
    said = {one["missing"] for one in worths if one["missing"]}
    assert found["total"]["missing"] == sorted(said)
    assert found["total"]["is_complete"] is not bool(said)
    for part, shown in zip(parts, worths, strict=True):
        assert (shown["amount"] is None) == (shown["missing"] is not None)
        if shown["rate"]:
            amount = Decimal(part.get("balance", part.get("amount")))
            exact = amount * Decimal(shown["rate"])
            assert abs(Decimal(shown["amount"]) - exact) <= Decimal("0.51").scaleb(-minor_units(to))
