"""A row that is excluded from budgets is in no insight, and in every balance and total."""

import datetime as dt

import pytest

from expenses.models.ledgers import ledger_id_of
from insights.services.refreshing import refresh
from tests.api.spending import record, row

pytestmark = pytest.mark.usefixtures("silent_chain")

MONTHS = [dt.date(2025, month, 5) for month in range(3, 13)]


def ask(api, address, **query):
    answer = api.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_excluded_row_is_in_no_insight_but_in_balances_and_totals(ana):
    account = ana.post("accounts/", {"name": "Checking", "currency": "EUR"}).json()["id"]
    record(ana, [row(day, "10.00", "Corner shop", "Groceries", account=account) for day in MONTHS])
    fields = {"account": account, "is_excluded_from_budget": True}
    record(ana, [row(day, "90.00", "Work trip", None, **fields) for day in MONTHS])
    refresh(ledger_id=ledger_id_of(ana.user))

    november = ask(ana, "insights/summary/", date="2025-11")
    lists = ("by_category", "by_account", "by_merchant", "by_tag", "top_categories")
    assert {sum(one["n"] for one in november[name]) for name in lists if november[name]} == {1}
    assert (november["expense"], november["excluded"]) == (
        "10.00", {"n": 1, "income": "0.00", "expense": "90.00", "n_unconverted": 0},
    )  # fmt: skip
    assert (november["previous"]["expense"], november["averages"]["per_day"]["expense"]) == ("10.00", "0.33")
    year = ask(ana, "insights/summary/", date="2025")
    assert {one["expense"] for one in year["monthly"]} == {"0.00", "10.00"}
    series = ask(ana, "insights/timeseries/", bucket="yearly", start="2025-01-01", end="2025-12-31", by="category")
    assert (series["results"][0]["expense"], len(series["by_category"])) == ("100.00", 1)
    trends = ask(ana, "insights/trends/", month="2025-11")
    assert (trends["expense"]["amount"], len(trends["results"])) == ("10.00", 1)
    forecast = ask(ana, "insights/forecast/", month="2025-11")
    assert (forecast["spent"], len(forecast["by_category"])) == ("10.00", 1)
    assert [one["payee"] for one in ask(ana, "insights/recurring/")["results"]] == ["Corner shop"]
    scored = ana.post("insights/score-transaction/", {"description": "Work trip", "amount": "90.00"}).json()
    assert scored["n_history"] == 0

    totals = ask(ana, "transactions/totals/")["results"]
    assert [one["expense"] for one in totals] == ["1000.00"]
    left = ask(ana, "transactions/totals/", is_excluded_from_budget="false")["results"]
    assert [one["expense"] for one in left] == ["100.00"]
    balances = ask(ana, "accounts/balances/")
    assert "-1000.00" in str(balances)
