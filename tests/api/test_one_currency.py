"""Reports in one currency: every rate is named, and a sum that lacks something says what."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from expenses.models import ExchangeRate
from expenses.rates.conversion import MissingRate
from expenses.rates.seeding import ReferenceRate, seed_reference_rates
from tests.api.bodies import assert_problem
from tests.api.converted import balances, open_account, record, totals
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

#: A Friday, and the Monday after it.
ECB = {
    "2026-10-30": {"USD": "1.25", "CHF": "0.92", "JPY": "175.68"},
    "2026-11-02": {"USD": "1.28", "CHF": "0.93"},
}


@pytest.fixture(autouse=True)
def ecb(db):
    for day, rates in ECB.items():
        for quote, rate in rates.items():
            ExchangeRate.objects.create(base="EUR", quote=quote, date=day, rate=Decimal(rate), source="ecb")


def sentence(base: str, quote: str, day: str) -> str:
    return str(MissingRate(base=base, quote=quote, day=dt.date.fromisoformat(day)))


def worth(amount: str, rate: str, rate_date: str, source: str, currency: str = "EUR") -> dict[str, Any]:
    how = {"rate": rate, "rate_date": rate_date, "source": source}
    return {"currency": currency, "amount": amount, **how, "missing": None}


def used(currency: str, rate: str, day: str, source: str = "ecb") -> dict[str, str]:
    return {"from": currency, "to": "EUR", "rate": rate, "day": day, "source": source}


def without_rate(base: str, day: str, amount: str | None = None) -> dict[str, Any]:
    unknown = {"rate": None, "rate_date": None, "source": None}
    return {"currency": "EUR", "amount": amount, **unknown, "missing": None if amount else sentence(base, "EUR", day)}


def test_balances_say_what_they_are_worth_alone_and_together(ana):
    dollars = open_account(ana, "Dollars", currency="USD", opening_balance="10.00")
    giro = open_account(ana, "Giro", opening_balance="100.00")
    record(ana, "1000", "JPY", "in", account="Giro")
    record(ana, "50000", "VND", account="Giro")
    answer = ana.get("accounts/balances/", {"date": "2026-11-03"})
    assert answer.status_code == 200
    shared = {"is_active": True}
    assert answer.json() == {
        "date": "2026-11-03",
        "total": {
            "currency": "EUR",
            "date": "2026-11-03",
            "amount": "113.50",
            "is_complete": False,
            "missing": [sentence("VND", "EUR", "2026-11-03")],
        },
        "results": [
            shared
            | {
                "account": dollars,
                "account_name": "Dollars",
                "currency": "USD",
                "opening_balance": "10.00",
                "balance": "10.00",
                "n_transactions": 0,
                "in_base": worth("7.81", "0.78125", "2026-11-02", "ecb"),
                "other_currencies": [],
            },
            shared
            | {
                "account": giro,
                "account_name": "Giro",
                "currency": "EUR",
                "opening_balance": "100.00",
                "balance": "100.00",
                "n_transactions": 0,
                "in_base": worth("100.00", "1", "2026-11-03", "same"),
                "other_currencies": [
                    {
                        "currency": "JPY",
                        "amount": "1000",
                        "n_transactions": 1,
                        "in_base": worth("5.69", "0.00569216757741348", "2026-10-30", "ecb"),
                    },
                    {
                        "currency": "VND",
                        "amount": "-50000",
                        "n_transactions": 1,
                        "in_base": without_rate("VND", "2026-11-03"),
                    },
                ],
            },
        ],
        "rates_used": [used("USD", "0.78125", "2026-11-02"), used("JPY", "0.00569216757741348", "2026-10-30")],
        "rates_url": None,
    }


def test_a_sum_that_lacks_nothing_is_complete_in_any_currency(ana):
    open_account(ana, "Giro", opening_balance="-100.00")
    open_account(ana, "Dollars", currency="USD", opening_balance="10.00")
    complete = {"is_complete": True, "missing": [], "date": "2026-10-31"}
    in_francs = balances(ana, "2026-10-31", currency="chf")
    assert in_francs["total"] == {"currency": "CHF", "amount": "-84.64", **complete}
    assert in_francs["results"][0]["in_base"] == worth("-92.00", "0.92", "2026-10-30", "ecb", "CHF")
    assert balances(ana, "2026-10-31")["total"] == {"currency": "EUR", "amount": "-92.00", **complete}
    ana.patch("users/me/", {"preferences": {"base_currency": "USD"}})
    assert balances(ana, "2026-10-31")["total"] == {"currency": "USD", "amount": "-115.00", **complete}
    assert_problem(ana.get("accounts/balances/", {"currency": "XQX"}), 400, ("currency", "unknown_currency"))


def test_closed_accounts_count_and_nothing_is_nothing_at_any_rate(ana):
    closed = open_account(ana, "Old", opening_balance="5.00")
    ana.patch(f"accounts/{closed}/", {"is_active": False})
    open_account(ana, "Vietnam", currency="VND")
    found = balances(ana)
    assert found["total"] == {
        "currency": "EUR", "date": "2026-11-02", "amount": "5.00", "is_complete": True, "missing": [],
    }  # fmt: skip
    assert found["results"][1]["in_base"] == without_rate("VND", "2026-11-02", "0.00")


def test_ones_own_rate_goes_first_and_no_strangers(ana, ben):
    open_account(ana, "Vietnam", currency="VND", opening_balance="100000")
    rate = {"base": "EUR", "quote": "VND", "date": "2026-11-01", "rate": "25000"}
    ben.post("rates/", rate)
    assert balances(ana)["total"]["is_complete"] is False
    ana.post("rates/", rate)
    assert balances(ana)["results"][0]["in_base"] == worth("4.00", "0.00004", "2026-11-01", "manual")
    assert balances(ben)["results"] == []


def test_without_a_day_todays_rates_count(ana):
    open_account(ana, "Dollars", currency="USD", opening_balance="10.00")
    today = dt.datetime.now(dt.UTC).date()
    ana.patch("users/me/", {"preferences": {"time_zone": "UTC"}})
    ana.post("rates/", {"base": "USD", "quote": "EUR", "date": str(today), "rate": "0.5"})
    found = ana.get("accounts/balances/").json()
    assert (found["date"], found["total"]["date"], found["total"]["amount"]) == (None, str(today), "5.00")


def test_totals_in_one_currency_take_the_rate_of_each_day_and_name_it(ana):
    first = record(ana, "10.00", category="Dining")
    dining = ana.get(f"transactions/{first}/").json()["category"]
    record(ana, "12.50", "USD", category="Dining", date="2026-10-31")
    record(ana, "1.28", "USD", category="Dining")
    record(ana, "2.56", "USD", "in", category="Dining")
    record(ana, "500", "VND", category="Dining")
    record(ana, "9.30", "CHF", "in", category="Salary")
    answer = ana.get("transactions/totals/", {"by": "kind", "convert_to": "eur"})
    assert answer.status_code == 200
    nothing = {"currency": "EUR", "income": "0.00", "expense": "0.00", "transfers_in": "0.00", "transfers_out": "0.00"}
    assert answer.json() == {
        "currency": "EUR",
        "is_complete": False,
        "results": [
            nothing | {"kind": "expense", "expense": "21.00", "n": 4, "n_unconverted": 1},
            nothing | {"kind": "income", "income": "10.00", "n": 1, "n_unconverted": 0},
            nothing | {"kind": "refund", "expense": "-2.00", "n": 1, "n_unconverted": 0},
        ],
        "rates": {
            "CHF": {"from": "2026-11-02", "to": "2026-11-02", "sources": ["ecb"]},
            "USD": {"from": "2026-10-30", "to": "2026-11-02", "sources": ["ecb"]},
        },
        "rates_used": [
            used("CHF", "1.0752688172043", "2026-11-02"),
            used("USD", "0.78125", "2026-11-02"),
            used("USD", "0.8", "2026-10-30"),
        ],
        "rates_url": None,
        "n_missing": 1,
        "missing": [{"base": "VND", "quote": "EUR", "date": "2026-11-02"}],
    }
    (first, second, _) = totals(ana, "year,month,category")["results"]
    shared = nothing | {"year": "2026", "category": dining, "category_name": "Dining"}
    assert first == shared | {"month": "2026-10", "expense": "10.00", "n": 1, "n_unconverted": 0}
    assert second == shared | {"month": "2026-11", "expense": "9.00", "n": 4, "n_unconverted": 1}


def test_a_missing_rate_can_be_added_as_it_is_named(ana):
    record(ana, "50000", "VND")
    (missing,) = totals(ana)["missing"]
    assert ana.post("rates/", missing | {"rate": "0.00004"}).status_code == 201
    found = totals(ana)
    assert (found["is_complete"], found["n_missing"], found["missing"]) == (True, 0, [])
    assert found["rates"] == {"VND": {"from": "2026-11-02", "to": "2026-11-02", "sources": ["manual"]}}
    assert found["results"][0]["expense"] == "2.00"


def test_many_missing_rates_are_counted_and_the_oldest_named(ana):
    first = dt.date(2026, 8, 1)
    for n in range(25):
        record(ana, "1000", "VND" if n % 2 else "KHR", date=str(first + dt.timedelta(days=n)))
    found = totals(ana)
    (total,) = found["results"]
    assert (total["expense"], total["n"], total["n_unconverted"], found["n_missing"]) == ("0.00", 25, 25, 25)
    assert [one["date"] for one in found["missing"]] == [str(first + dt.timedelta(days=n)) for n in range(20)]
    assert [one["base"] for one in found["missing"][:2]] == ["KHR", "VND"]


def test_totals_of_nothing_and_of_strangers_are_empty(ana, ben):
    record(ana, "10.00", "USD")
    empty = {"currency": "EUR", "is_complete": True, "results": [], "rates": {}, "n_missing": 0, "missing": []}
    empty |= {"rates_used": [], "rates_url": None}
    assert totals(ben) == empty
    assert totals(ana, month="2026-09") == empty


def test_what_cannot_be_converted_to_is_named(ana):
    address = "transactions/totals/"
    assert_problem(ana.get(address, {"convert_to": "XQX"}), 400, ("convert_to", "unknown_currency"))
    assert_problem(ana.get(address, {"convert_to": ""}), 400, ("convert_to", "blank"))
    assert_problem(ana.get(address, {"convert_to": "EUR", "by": "month,currency"}), 400, ("by", "invalid"))


REPORTS = ["accounts/balances/", "transactions/totals/?convert_to=base"]


def is_known(api: Api, report: str, tag: str) -> bool:
    status = api.get(report, headers={"If-None-Match": tag}).status_code
    assert status in {200, 304}
    return bool(status == 304)


def seed(day: str) -> None:
    known = ExchangeRate.objects.reference().values_list("quote", "date", "rate")
    older = [ReferenceRate(quote, date, str(rate)) for quote, date, rate in known]
    seed_reference_rates(rates=[*older, ReferenceRate("USD", dt.date.fromisoformat(day), "1.30")])


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_sent_again_when_rates_or_the_base_currency_change(ana, report):
    record(ana, "10.00", "USD", account=open_account(ana, "Giro"))
    rate = {"base": "USD", "quote": "EUR", "date": "2026-11-01", "rate": "0.5"}
    steps = [
        lambda: seed("2026-11-03"),
        lambda: ana.patch("users/me/", {"preferences": {"base_currency": "CHF"}}),
        lambda: ana.post("rates/", rate),
        lambda: ana.patch(f"rates/{ExchangeRate.objects.get(source='manual').pk}/", {"rate": "0.6"}),
        lambda: ana.delete(f"rates/{ExchangeRate.objects.get(source='manual').pk}/"),
    ]
    for step in steps:
        tag = ana.get(report)["ETag"]
        assert is_known(ana, report, tag)
        step()
        assert not is_known(ana, report, tag)


def test_balances_of_today_are_sent_again_on_another_day(ana, monkeypatch):
    tags = {query: ana.get(f"accounts/balances/{query}")["ETag"] for query in ("", "?date=2026-11-02")}
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert [is_known(ana, f"accounts/balances/{query}", tag) for query, tag in tags.items()] == [False, True]


def test_a_new_base_currency_changes_reports_and_new_rows_and_no_old_ones(ana):
    ana.post("accounts/", {"name": "Old"})
    spent = {"amount": "10", "description": "Kiosk", "date": "2026-10-01", "category": "Dining"}
    old = ana.post("expenses/", spent | {"account": "Old"}).json()
    ana.post("rates/", {"base": "EUR", "quote": "CHF", "date": "2026-10-01", "rate": "0.9"})
    ana.patch("users/me/", {"preferences": {"base_currency": "CHF"}})
    assert ana.get(f"transactions/{old['id']}/").json() == old
    assert ana.get("accounts/").json()["results"][0]["currency"] == "EUR"
    summary = ana.get("insights/summary/?period=month&date=2026-10").json()
    assert (summary["currency"], summary["expense"]) == ("CHF", "9.00")
    assert summary["rates"] == {"EUR": {"from": "2026-10-01", "to": "2026-10-01", "sources": ["manual"]}}
    new = [ana.post("expenses/", body).json()["currency"] for body in (spent, spent | {"account": "Old"})]
    assert [*new, ana.post("accounts/", {"name": "New"}).json()["currency"]] == ["CHF", "EUR", "CHF"]
