"""Reports in one currency name each rate that they used, so that their sums can be computed again."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.money import minor_units
from expenses.models import ExchangeRate
from tests.api.bodies import assert_problem
from tests.api.converted import open_account
from tests.api.spending import groceries, record, row
from tests.api.test_anomalies import refreshed as refreshed_anomalies
from tests.conftest import Api
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

Body = dict[str, Any]
#: Days for which a rate counts.
MAX_AGE = 31
ECB = {
    "2024-08-30": {"USD": "1.1087", "CHF": "0.9406", "JPY": "160.79"},
    "2024-10-04": {"USD": "1.1029", "CHF": "0.9386"},
    "2024-10-18": {"USD": "1.0847", "CHF": "0.9386", "JPY": "162.5"},
    "2024-11-04": {"USD": "1.0885", "CHF": "0.9408"},
}
#: A rate of one's own, of which the inverse has no end.
OWN = {"base": "EUR", "quote": "CHF", "date": "2024-09-06", "rate": "0.93"}
REPORTS = {
    "totals": "transactions/totals/?convert_to=base",
    "summary": "insights/summary/?start=2024-10-01&end=2024-10-31",
    "year": "insights/summary/?period=year&date=2024",
    "timeseries": "insights/timeseries/?bucket=monthly&start=2024-09-01&end=2024-11-30",
    "trends": "insights/trends/?month=2024-10",
    "forecast": "insights/forecast/?month=2024-10",
}


@pytest.fixture(autouse=True)
def ecb(db):
    for day, rates in ECB.items():
        for quote, rate in rates.items():
            ExchangeRate.objects.create(base="EUR", quote=quote, date=day, rate=Decimal(rate), source="ecb")


def ask(api: Api, address: str) -> Body:
    answer = api.get(address)
    assert answer.status_code == 200, answer.content
    body: Body = answer.json()
    return body


def rate_of(body: Body, currency: str, day: str, to: str) -> Fraction | None:
    """Return the named rate that the pages on currencies say counts: one's own first, then the newest."""
    if currency == to:
        return Fraction(1)
    found = [
        (one["source"] == "manual", one["day"], Fraction(one["rate"]))
        for one in body["rates_used"]
        if (one["from"], one["to"]) == (currency, to)
        and 0 <= (dt.date.fromisoformat(day) - dt.date.fromisoformat(one["day"])).days <= MAX_AGE
    ]
    return max(found)[-1] if found else None


def sums(body: Body, rows: list[Body], *, start: str, end: str, to: str = "EUR") -> dict[str, Fraction]:
    """Return income and expense of some days, computed with the rates that the body names alone."""
    found = {"income": Fraction(0), "expense": Fraction(0)}
    for one in rows:
        rate = rate_of(body, one["currency"], one["date"], to)
        if start <= one["date"] <= end and rate is not None:
            sign = 1 if one["kind"] in {"income", "expense"} else -1
            name = "income" if one["kind"] == "income" else "expense"
            found[name] += sign * Fraction(one["amount"]) * rate
    return found


def is_equal_to_the_cent(told: str, exact: Fraction, currency: str = "EUR") -> bool:
    """Return True if the exact sum rounds to the told one; a rate has 15 digits, so half a cent may go either way."""
    half = Fraction(1, 2 * 10 ** minor_units(currency))
    return abs(Fraction(told) - exact) <= half + Fraction(1, 10**6)


ROWS = st.lists(
    st.tuples(
        st.sampled_from([("EUR", 2), ("USD", 2), ("CHF", 2), ("JPY", 0), ("XAU", 0)]),
        st.integers(1, 10**6),
        st.dates(dt.date(2024, 9, 2), dt.date(2024, 11, 29)).map(str),
        st.sampled_from([("Dining", "out"), ("Dining", "in"), ("Salary", "in"), (None, "out")]),
    ),
    min_size=1,
    max_size=12,
)


#: The compared days of the month if nothing is compared.
TRENDS_OF_OCTOBER = {"from": "2024-10-01", "through": "2024-10-31"}


@law(5)
@given(rows=ROWS, has_own=st.booleans())
def test_sums_follow_from_the_rows_and_the_named_rates_alone(ana, rows, has_own):
    furnish(ana, rows, has_own=has_own)
    kept = ana.get("transactions/", {"page_size": 500}).json()["results"]
    body = ask(ana, REPORTS["totals"])
    expected = sums(body, kept, start="2024-09-01", end="2024-11-30")
    for name in expected:
        assert all(is_equal_to_the_cent(one[name], expected[name]) for one in body["results"])

    body = ask(ana, REPORTS["summary"])
    now = sums(body, kept, start="2024-10-01", end="2024-10-31")
    before = sums(body, kept, start="2024-08-31", end="2024-09-30")
    for name in now:
        assert is_equal_to_the_cent(body[name], now[name])
        assert is_equal_to_the_cent(body["previous"][name], before[name])

    body = ask(ana, REPORTS["year"])
    whole = sums(body, kept, start="2024-01-01", end="2024-12-31")
    assert all(is_equal_to_the_cent(body[name], whole[name]) for name in whole)

    body = ask(ana, REPORTS["timeseries"])
    whole = sums(body, kept, start="2024-09-01", end="2024-11-30")
    for name in whole:
        assert is_equal_to_the_cent(str(sum(Decimal(one[name]) for one in body["results"])), whole[name])

    body = ask(ana, REPORTS["trends"])
    first, through = ((body["month"][f"compared_{end}"] or day)[8:] for end, day in TRENDS_OF_OCTOBER.items())
    month, last = (sums(body, kept, start=f"2024-{n}-{first}", end=f"2024-{n}-{through}") for n in ("10", "09"))
    for name in month:
        assert is_equal_to_the_cent(body[name]["amount"], month[name])
        assert is_equal_to_the_cent(body[name]["previous"], last[name])

    body = ask(ana, REPORTS["forecast"])
    month = sums(body, kept, start="2024-10-01", end="2024-10-31")
    assert is_equal_to_the_cent(body["spent"], month["expense"])


def furnish(api: Api, rows: Any, *, has_own: bool) -> None:
    """Replace what is there."""
    for one in api.get("transactions/", {"page_size": 500}).json()["results"]:
        api.delete(f"transactions/{one['id']}/")
    for one in api.get("rates/", {"source": "manual"}).json()["results"]:
        api.delete(f"rates/{one['id']}/")
    if has_own:
        assert api.post("rates/", OWN).status_code == 201
    record(
        api,
        [
            row(dt.date.fromisoformat(day), str(Decimal(amount).scaleb(-places)), "Row", category,
                currency=currency, direction=direction)
            for (currency, places), amount, day, (category, direction) in rows
        ],
    )  # fmt: skip


@law(5)
@given(rows=ROWS, to=st.sampled_from(["EUR", "CHF", "JPY"]))
def test_balances_follow_from_the_named_rates_alone(ana, rows, to):
    furnish(ana, [], has_own=False)
    if ana.get("accounts/").json()["count"] == 0:
        open_account(ana, "Giro", opening_balance="3.33")
    record(
        ana,
        [
            row(
                dt.date(2024, 9, 2),
                str(Decimal(amount).scaleb(-places)),
                "Row",
                None,
                currency=currency,
                account="Giro",
            )
            for (currency, places), amount, *_ in rows
        ],
    )
    body = ask(ana, f"accounts/balances/?date=2024-11-05&currency={to}")
    parts = [part for one in body["results"] for part in (one, *one["other_currencies"])]
    for part in parts:
        rate = rate_of(body, part["currency"], "2024-11-05", to)
        told = part["in_base"]["amount"]
        assert (told is None) is (rate is None)
        if rate is not None:
            assert is_equal_to_the_cent(told, Fraction(part.get("balance", part.get("amount"))) * rate, to)
    assert {one["to"] for one in body["rates_used"]} <= {to}


def usd(day: str, rate: str, source: str = "ecb") -> dict[str, str]:
    return {"from": "USD", "to": "EUR", "rate": rate, "day": day, "source": source}


@pytest.mark.parametrize("name", REPORTS)
def test_a_rate_is_named_with_its_own_day_and_source(ana, name):
    ExchangeRate.objects.create(base="EUR", quote="USD", date="2024-10-11", rate=Decimal("1.25"), source="ecb")
    assert ana.post("rates/", OWN | {"quote": "USD", "date": "2024-10-21", "rate": "1.6"}).status_code == 201
    record(
        ana,
        [
            row(dt.date(2024, 10, 13), "10.00", "Row", "Dining", currency="USD"),  # a Sunday
            row(dt.date(2024, 10, 22), "10.00", "Row", "Dining", currency="USD"),
            row(dt.date(2024, 10, 23), "10.00", "Row", "Dining"),
        ],
    )
    body = ask(ana, REPORTS[name])
    expected = [usd("2024-10-21", "0.625", "manual"), usd("2024-10-11", "0.8")]
    assert (body["rates_used"], body["rates_url"]) == (expected, None)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_converts_nothing_names_no_rate(ana, name):
    record(ana, [row(dt.date(2024, 10, 13), "10.00", "Row", "Dining")])
    body = ask(ana, REPORTS[name])
    assert (body["rates_used"], body["rates_url"]) == ([], None)


def test_sums_without_conversion_name_no_rates(ana):
    record(ana, [row(dt.date(2024, 10, 13), "10.00", "Row", "Dining", currency="USD")])
    body = ask(ana, "transactions/totals/")
    assert [*body] == ["results"]


def many_days(api: Api, n_days: int = 120) -> list[dict[str, str]]:
    """Record a row in dollars on each of these days; return the rates that count, the newest first."""
    first = dt.date(2024, 6, 1)
    days = [first + dt.timedelta(n) for n in range(n_days)]
    ExchangeRate.objects.filter(date__gte=first).delete()
    for n, day in enumerate(days):
        ExchangeRate.objects.create(base="EUR", quote="USD", date=day, rate=Decimal(1000 + n), source="ecb")
    record(api, [row(day, "1000.00", "Row", "Dining", currency="USD") for day in days])
    return [usd(str(day), f"{Decimal(1) / (1000 + n):.15g}") for n, day in reversed([*enumerate(days)])]


MANY: dict[str, Callable[[Api], str]] = {
    "totals": lambda api: "transactions/totals/?by=month&convert_to=base",
    "summary": lambda api: "insights/summary/?period=year&date=2024",
    "timeseries": lambda api: "insights/timeseries/?bucket=monthly&start=2024-01-01&end=2024-12-31",
    "trends": lambda api: "insights/trends/?month=2024-09",
    "forecast": lambda api: "insights/forecast/?month=2024-09",
    "anomalies": lambda api: "insights/anomalies/?status=all",
    "recurring": lambda api: "insights/recurring/?page_size=5",
}


@pytest.mark.parametrize("name", MANY)
def test_more_rates_than_a_hundred_are_behind_a_link(ana, run_tasks, name):
    expected = [(one["day"], one["source"]) for one in many_days(ana)]
    refreshed_anomalies(ana, run_tasks)
    address = MANY[name](ana)
    body = ask(ana, address)
    assert [(one["day"], one["source"]) for one in body["rates_used"]] == expected[:100]
    url = body["rates_url"]
    assert url.startswith("http://testserver/")
    whole = ask(ana, url.removeprefix("http://testserver"))
    assert [(one["day"], one["source"]) for one in whole["rates_used"]] == expected
    assert whole["rates_url"] is None
    same = {"rates_used", "rates_url", "next", "previous"}
    assert {key: value for key, value in whole.items() if key not in same} == {
        key: value for key, value in body.items() if key not in same
    }
    assert_problem(ana.get(f"{address}&all_rates=perhaps"), 400, ("all_rates", "invalid"))


def test_balances_take_the_parameter_too(ana):
    assert ana.get("accounts/balances/?all_rates=true").status_code == 200
    assert_problem(ana.get("accounts/balances/?all_rates=perhaps"), 400, ("all_rates", "invalid"))


def test_computed_insights_name_the_rates_that_the_worker_took(ana, run_tasks):
    first = dt.date(2024, 8, 7)
    rows = groceries(12, dt.date(2024, 8, 5))
    rows[-1] |= {"currency": "USD"}  # on 2024-10-23
    record(ana, rows)
    assert rows[0]["date"] == str(first)
    expected = [usd("2024-10-18", "0.921913893242371")]
    body = refreshed_anomalies(ana, run_tasks)
    assert (body["currency"], body["rates_used"], body["rates_url"]) == ("EUR", expected, None)
    assert ask(ana, "insights/recurring/")["rates_used"] == expected
    assert ana.post("rates/", OWN | {"quote": "USD", "date": "2024-10-23", "rate": "2"}).status_code == 201
    stale = ask(ana, "insights/anomalies/")
    assert (stale["is_stale"], stale["rates_used"]) == (True, expected)
    assert refreshed_anomalies(ana, run_tasks)["rates_used"] == [usd("2024-10-23", "0.5", "manual")]


@pytest.mark.parametrize("name", REPORTS)
def test_naming_rates_takes_no_query_for_each(ana, name):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            ask(ana, REPORTS[name])
        return len(queries)

    record(ana, [row(dt.date(2024, 10, 28), "10.00", "Row", "Dining", currency="USD")])
    n_queries()
    n_queries()  # the first two requests also note that insights are asked for
    few = n_queries()
    record(
        ana,
        [
            row(dt.date(2024, 10, day), "10.00", "Row", "Dining", currency=currency)
            for day in range(1, 29)
            for currency in ("USD", "CHF", "JPY")
        ],
    )
    ask(ana, REPORTS[name])
    assert n_queries() == few
