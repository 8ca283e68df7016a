"""Summaries of a day, week, month, year or any other period."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.models import Transaction
from tests.api.bodies import assert_problem
from tests.api.reports import COMPLETE, NOTHING, category_of, record, report, total
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

NOVEMBER = {"date": "2024-11"}
EMPTY = {
    "savings_rate": None,
    "n": 0,
    "n_unconverted": 0,
    **NOTHING,
}
NO_CHANGE = {"amount": "0.00", "percent": None}


def spent(amount: str, share: str | None, n: int = 1, **of):
    return {"amount": amount, "share": share, "n": n, **of}


def of_category(api, name: str | None, parent: str | None = None):
    ids = [None if one is None else category_of(api, one) for one in (name, parent)]
    return {"category": ids[0], "category_name": name, "parent": ids[1], "parent_name": parent}


def test_a_month_has_sums_by_category_merchant_tag_and_account(ana):
    purse = ana.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"]
    tag = ana.post("tags/", {"name": "out"}).json()["id"]
    ana.post("categories/", {"name": "Sushi", "kind": "expense", "parent": "Dining"})
    record(ana, "1000.00", "Salary", "2024-11-01")
    record(ana, "60.00", "Dining", merchant="Luna", tags=["out"], account="Purse")
    record(ana, "30.00", "Sushi", "2024-11-30", merchant="Luna")
    record(ana, "10.00", date="2024-11-03")
    record(ana, "80.00", "Dining", "2024-10-31")
    record(ana, "7.00", "Dining", "2024-12-01")
    dining, sushi = of_category(ana, "Dining"), of_category(ana, "Sushi", "Dining")
    uncategorized = of_category(ana, None)
    by_category = [
        spent("60.00", "60.00", **dining), spent("30.00", "30.00", **sushi), spent("10.00", "10.00", **uncategorized),
    ]  # fmt: skip
    assert report(ana, "summary", period="month", date="2024-11") == {
        "period": {
            "unit": "month", "name": "2024-11", "start": "2024-11-01", "end": "2024-11-30", "n_days": 30,
            "n_days_elapsed": 30, "is_over": True,
        },
        "currency": "EUR",
        "income": "1000.00", "expense": "100.00", "savings": "900.00", "savings_rate": "90.00", "n": 4,
        "averages": {"per_day": {"income": "33.33", "expense": "3.33", "savings": "30.00"}, "per_month": None},
        "top_categories": by_category,
        "by_category": by_category,
        "by_merchant": [spent("90.00", "90.00", 2, merchant="Luna"), spent("10.00", "10.00", merchant="Row")],
        "other_merchants": None,
        "by_tag": [
            spent("60.00", "60.00", tag=tag, tag_name="out"), spent("40.00", "40.00", 2, tag=None, tag_name=None),
        ],
        "by_account": [
            spent("60.00", "60.00", account=purse, account_name="Purse"),
            spent("40.00", "40.00", 2, account=None, account_name=None),
        ],
        "previous": {
            "name": "2024-10", "start": "2024-10-01", "end": "2024-10-31", **EMPTY, "expense": "80.00",
            "savings": "-80.00", "n": 1,
        },
        "change": {
            "income": {"amount": "1000.00", "percent": None},
            "expense": {"amount": "20.00", "percent": "25.00"},
            "savings": {"amount": "980.00", "percent": None},
        },
        "excluded": {"n": 0, "income": "0.00", "expense": "0.00", "n_unconverted": 0},
        **COMPLETE,
    }  # fmt: skip


def test_an_empty_ledger_has_zeros(ana):
    assert report(ana, "summary", start="2024-01-01", end="2024-01-10") == {
        "period": {
            "unit": None, "name": "2024-01-01/2024-01-10", "start": "2024-01-01", "end": "2024-01-10", "n_days": 10,
            "n_days_elapsed": 10, "is_over": True,
        },
        "currency": "EUR", **EMPTY, "averages": {"per_day": NOTHING, "per_month": None},
        "top_categories": [], "by_category": [], "by_merchant": [], "other_merchants": None, "by_tag": [],
        "by_account": [],
        "previous": {"name": "2023-12-22/2023-12-31", "start": "2023-12-22", "end": "2023-12-31", **EMPTY},
        "change": {"income": NO_CHANGE, "expense": NO_CHANGE, "savings": NO_CHANGE},
        "excluded": {"n": 0, "income": "0.00", "expense": "0.00", "n_unconverted": 0},
        **COMPLETE,
    }  # fmt: skip


def test_a_year_has_its_twelve_months_and_their_average(ana):
    record(ana, "120.00", "Dining", "2024-02-29")
    record(ana, "1.20", date="2024-12-31")
    body = report(ana, "summary", period="year", date="2024")
    assert [one["name"] for one in body["monthly"]] == [f"2024-{month:02}" for month in range(1, 13)]
    assert body["monthly"][1] == {
        "name": "2024-02", "start": "2024-02-01", "end": "2024-02-29", "is_partial": False, **NOTHING,
        "expense": "120.00", "savings": "-120.00", "n": 1,
    }  # fmt: skip
    assert body["averages"]["per_month"] == {"income": "0.00", "expense": "10.10", "savings": "-10.10"}
    assert (body["expense"], total(body["monthly"], "expense")) == ("121.20", Decimal("121.20"))
    assert "monthly" not in report(ana, "summary")


@pytest.mark.parametrize(
    ("query", "expense"),
    [
        ({"period": "day", "date": "2024-11-16"}, "2.00"),
        ({"period": "week", "date": "2024-11-16"}, "3.00"),
        ({"period": "month", "date": "2024-11-16"}, "6.00"),
        ({"period": "month", "date": "2024-11"}, "6.00"),
        ({"date": "2024-11-24"}, "6.00"),
        ({"period": "year", "date": "2024"}, "7.00"),
        ({"period": "year", "date": "2024-03"}, "7.00"),
        ({"start": "2024-11-10", "end": "2024-11-15"}, "1.00"),
    ],
)
def test_weeks_and_months_are_those_of_the_preferences(ana, query, expense):
    ana.patch("users/me/", {"preferences": {"week_start": 7, "month_start": 10}})
    for amount, date in [
        ("1.00", "2024-11-10"),
        ("2.00", "2024-11-16"),
        ("3.00", "2024-12-09"),
        ("1.00", "2024-10-09"),
    ]:
        record(ana, amount, date=date)
    assert report(ana, "summary", **query)["expense"] == expense


@pytest.mark.parametrize(
    ("date", "unit", "name"),
    [("2024", "year", "2024"), ("2024-11", "month", "2024-11"), ("2024-11-05", "month", "2024-11")],
)
def test_the_date_alone_names_the_period(ana, date, unit, name):
    period = report(ana, "summary", date=date)["period"]
    assert (period["unit"], period["name"]) == (unit, name)


def test_today_is_in_a_period_that_is_not_over(ana):
    today = ana.user.today()
    period = report(ana, "summary")["period"]
    assert (period["unit"], period["name"]) == ("month", str(today)[:7])
    assert (period["n_days_elapsed"], period["is_over"]) == (today.day, False)
    body = report(ana, "summary", start="2190-01-01", end="2190-01-31")
    assert (body["period"]["n_days_elapsed"], body["averages"]["per_day"]) == (0, None)


def test_refunds_lower_spending_and_leave_no_negative_share(ana):
    record(ana, "40.00", "Shopping")
    record(ana, "10.00", "Shopping", direction="in")
    record(ana, "25.00", "Dining", direction="in")
    body = report(ana, "summary", **NOVEMBER)
    assert (body["expense"], body["income"], body["n"]) == ("5.00", "0.00", 3)
    assert [(one["category_name"], one["amount"], one["share"]) for one in body["by_category"]] == [
        ("Shopping", "30.00", "100.00"), ("Dining", "-25.00", None),
    ]  # fmt: skip
    assert [one["category_name"] for one in body["top_categories"]] == ["Shopping"]
    record(ana, "200.00", "Shopping", direction="in")
    body = report(ana, "summary", **NOVEMBER)
    assert (body["expense"], {one["share"] for one in body["by_category"]}) == ("-195.00", {None})
    assert body["top_categories"] == []


def test_transfers_count_nowhere_and_excluded_rows_apart(ana):
    record(ana, "300.00", "Transfers")
    record(ana, "10.00", "Dining")
    for amount, category in (("4.00", "Dining"), ("90.00", "Salary")):
        number = record(ana, amount, category)["id"]
        assert ana.patch(f"transactions/{number}/", {"is_excluded_from_budget": True}).status_code == 200
    body = report(ana, "summary", **NOVEMBER)
    assert (body["income"], body["expense"], body["n"]) == ("0.00", "10.00", 1)
    assert body["excluded"] == {"n": 2, "income": "90.00", "expense": "4.00", "n_unconverted": 0}
    for name in ("by_category", "by_account", "by_merchant"):
        assert total(body[name], "amount") == 10


def test_the_parts_of_a_split_count_instead_of_it(ana):
    whole = record(ana, "10.00", "Dining")["id"]
    parts = [{"amount": "4.00", "category": "Dining"}, {"amount": "6.00", "category": "Shopping"}]
    assert ana.put(f"transactions/{whole}/split/", {"parts": parts}).status_code < 300
    body = report(ana, "summary", **NOVEMBER)
    assert [(one["category_name"], one["amount"]) for one in body["by_category"]] == [
        ("Shopping", "6.00"), ("Dining", "4.00"),
    ]  # fmt: skip
    assert (body["expense"], body["n"]) == ("10.00", 2)


def test_rows_without_a_merchant_are_grouped_by_text(ana):
    record(ana, "10.00", description="REWE SAGT DANKE 4711")
    record(ana, "20.50", description="REWE SAGT DANKE 4712", date="2024-11-09")
    record(ana, "1.00", "Shopping", description="REWE SAGT DANKE 4713", direction="in")
    record(ana, "4.00", description="Cafe Luna", merchant="Luna")
    record(ana, "3.00", description="Cafe Luna", merchant="Luna")
    record(ana, "2.00", description="x", merchant="LUNA")
    record(ana, "1.00", description="luna")
    record(ana, "5.00", description="4711")
    body = report(ana, "summary", **NOVEMBER)
    assert [(one["merchant"], one["amount"], one["n"]) for one in body["by_merchant"]] == [
        ("Rewe", "29.50", 3), ("Luna", "10.00", 4), ("", "5.00", 1),
    ]  # fmt: skip
    assert total(body["by_merchant"], "amount") == Decimal(body["expense"])


def test_a_payee_has_one_name_in_all_currencies(ana):
    ana.post("rates/", {"base": "USD", "quote": "EUR", "date": "2024-11-02", "rate": "0.5"})
    record(ana, "10.00", description="Bakery Sun 2", currency="USD")
    record(ana, "10.00", description="Bakery Sun 1", currency="USD", date="2024-11-03")
    record(ana, "10.00", description="Bakery Sun 3")
    (only,) = report(ana, "summary", **NOVEMBER)["by_merchant"]
    assert only == spent("20.00", "100.00", 3, merchant="Bakery Sun")


def test_more_merchants_than_are_listed_are_one_sum(ana):
    rows = [{"amount": f"{n}.00", "direction": "out", "description": "x", "merchant": f"M{n:02}", "date": "2024-11-02"}
            for n in range(1, 53)]  # fmt: skip
    assert len(ana.post("transactions/bulk/", {"transactions": rows}).json()["created"]) == 52
    body = report(ana, "summary", **NOVEMBER)
    assert (len(body["by_merchant"]), body["by_merchant"][0]["merchant"]) == (50, "M52")
    others = body["other_merchants"]
    assert (others["n_merchants"], others["amount"], others["n"]) == (2, "3.00", 2)
    assert total([*body["by_merchant"], others], "share") == 100
    assert total([*body["by_merchant"], others], "amount") == Decimal(body["expense"])


def test_other_currencies_are_converted_and_missing_rates_named(ana):
    record(ana, "10.00", "Dining")
    record(ana, "11.00", "Dining", currency="USD")
    record(ana, "5.00", currency="XAU", date="2024-10-01")
    record(ana, "500", "Travel", currency="XAU")
    ana.post("rates/", {"base": "USD", "quote": "EUR", "date": "2024-11-02", "rate": "0.5"})
    body = report(ana, "summary", **NOVEMBER)
    assert (body["expense"], body["n"], body["n_unconverted"], body["is_complete"]) == ("15.50", 3, 1, False)
    assert body["missing"] == [{"base": "XAU", "quote": "EUR", "date": "2024-11-02"}]
    assert body["rates"] == {"USD": {"from": "2024-11-02", "to": "2024-11-02", "sources": ["manual"]}}
    assert (body["previous"]["n"], body["previous"]["n_unconverted"]) == (1, 1)
    assert report(ana, "summary", currency="usd", **NOVEMBER)["currency"] == "USD"
    assert report(ana, "summary", currency="XAU", **NOVEMBER)["expense"].startswith("500")


def test_missing_rates_of_excluded_rows_leave_a_summary_complete(ana):
    record(ana, "10.00", "Dining")
    record(ana, "500", currency="XAU", is_excluded_from_budget=True)
    body = report(ana, "summary", **NOVEMBER)
    assert (body["is_complete"], body["n_unconverted"], body["n_missing"], body["missing"]) == (True, 0, 0, [])
    assert body["excluded"] == {"n": 1, "income": "0.00", "expense": "0.00", "n_unconverted": 1}


def test_a_previous_period_without_rates_is_not_compared(ana):
    record(ana, "10.00", "Dining")
    record(ana, "8.00", "Dining", date="2024-10-01")
    assert report(ana, "summary", **NOVEMBER)["change"]["expense"] == {"amount": "2.00", "percent": "25.00"}
    record(ana, "5.00", currency="XAU", date="2024-10-01")
    body = report(ana, "summary", **NOVEMBER)
    unknown = {"amount": None, "percent": None}
    assert (body["is_complete"], body["previous"]["n_unconverted"]) == (True, 1)
    assert body["change"] == {"income": unknown, "expense": unknown, "savings": unknown}


def test_lists_add_up_to_the_cent_whatever_was_converted(ana):
    ana.post("rates/", {"base": "USD", "quote": "EUR", "date": "2024-11-02", "rate": "0.333333333333333"})
    for n, category in enumerate(("Dining", "Shopping", "Travel", None)):
        record(ana, "0.10", category, currency="USD", merchant=f"M{n}")
    body = report(ana, "summary", **NOVEMBER)
    assert body["expense"] == "0.13"
    for name in ("by_category", "by_merchant", "by_account"):
        assert total(body[name], "amount") == Decimal("0.13")
        assert total(body[name], "share") == 100


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"start": "2024-11-02", "end": "2024-11-01"}, "end", "ends_before_start"),
        ({"start": "2024-11-02"}, "end", "required"),
        ({"end": "2024-11-02"}, "start", "required"),
        ({"period": "month", "start": "2024-11-01", "end": "2024-11-02"}, "period", "contradictory"),
        ({"date": "2024-11", "start": "2024-11-01", "end": "2024-11-02"}, "date", "contradictory"),
        ({"period": "decade"}, "period", "invalid_choice"),
        ({"period": "month", "date": "2024"}, "date", "invalid"),
        ({"period": "week", "date": "2024-11"}, "date", "invalid"),
        ({"date": "2024-11-31"}, "date", "invalid"),
        ({"date": "2024-13"}, "date", "invalid"),
        ({"date": "yesterday"}, "date", "invalid"),
        ({"date": "1899-12-31"}, "date", "out_of_range"),
        ({"date": "2200-01"}, "date", "out_of_range"),
        ({"period": "year", "date": "0001"}, "date", "out_of_range"),
        ({"start": "1899-12-31", "end": "2024-11-01"}, "start", "out_of_range"),
        ({"currency": "XXL"}, "currency", "unknown_currency"),
        ({"weather": "fine"}, "weather", "unknown"),
        ({"date": ["2024-11", "2024-10"]}, "date", "repeated"),
        ({"format": "gif"}, "format", "unknown"),
    ],
)
def test_an_impossible_parameter_is_named(ana, query, field, code):
    assert_problem(ana.get("insights/summary/", query), 400, (field, code))


def test_the_first_and_last_possible_periods_are_valid(ana):
    for query in ({"period": "week", "date": "1900-01-05"}, {"period": "year", "date": "1900"},
                  {"period": "year", "date": "2199"}, {"start": "1900-01-01", "end": "2199-12-31"}):  # fmt: skip
        assert report(ana, "summary", **query)["expense"] == "0.00"


def test_a_summary_is_not_sent_again_until_something_changes(ana):
    answer = ana.get("insights/summary/", NOVEMBER)
    tag = {"If-None-Match": answer["ETag"]}
    assert ana.get("insights/summary/", NOVEMBER, headers=tag).status_code == 304
    assert ana.get("insights/summary/", NOVEMBER | {"format": "svg"}, headers=tag).status_code == 200
    record(ana, "1.00")
    assert ana.get("insights/summary/", NOVEMBER, headers=tag).status_code == 200
    tag = {"If-None-Match": ana.get("insights/summary/", NOVEMBER)["ETag"]}
    ana.patch("users/me/", {"preferences": {"month_start": 5}})
    assert ana.get("insights/summary/", NOVEMBER, headers=tag).status_code == 200


def test_a_stranger_sees_none_of_the_sums(ana, ben):
    record(ana, "10.00", "Dining", merchant="Luna", tags=["out"])
    body = report(ben, "summary", **NOVEMBER)
    assert (body["n"], body["by_category"], body["by_merchant"], body["by_tag"]) == (0, [], [], [])


CATEGORIES = st.sampled_from(
    [("Dining", "out"), ("Dining", "in"), ("Shopping", "out"), ("Salary", "in"), (None, "out")]
)
AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(99_999), places=2)
DATES = st.sampled_from(["2024-10-31", "2024-11-01", "2024-11-15", "2024-11-30", "2024-12-01"])
ROWS = st.lists(st.tuples(CATEGORIES, AMOUNTS, DATES, st.booleans()), max_size=10)


@law(5)
@given(rows=ROWS)
def test_sums_are_those_of_the_list_of_transactions(ana, rows):
    Transaction.objects.for_user(ana.user).delete()
    for (category, direction), amount, date, is_excluded in rows:
        number = record(ana, str(amount), category, date, direction=direction)["id"]
        if is_excluded:
            ana.patch(f"transactions/{number}/", {"is_excluded_from_budget": True})
    listed = ana.get("transactions/?start_date=2024-11-01&end_date=2024-11-30&page_size=100").json()["results"]
    body = report(ana, "summary", **NOVEMBER)
    counted = [one for one in listed if not one["is_excluded_from_budget"]]
    signs = {"expense": 1, "refund": -1}
    expense = sum(signs.get(one["kind"], 0) * Decimal(one["amount"]) for one in counted)
    assert Decimal(body["expense"]) == expense
    assert Decimal(body["income"]) == sum(Decimal(one["amount"]) for one in counted if one["kind"] == "income")
    assert (body["n"], body["excluded"]["n"]) == (len(counted), len(listed) - len(counted))
    for name in ("by_category", "by_account", "by_merchant"):
        assert total(body[name], "amount") == expense
        shares = [Decimal(one["share"]) for one in body[name] if one["share"] is not None]
        assert sum(shares) == (100 if shares else 0)
    series = report(ana, "timeseries", bucket="daily", start="2024-11-01", end="2024-11-30", by="category")
    for name in ("income", "expense", "savings"):
        assert total(series["results"], name) == Decimal(body[name])
    by_category = {one["category"]: one["amount"] for one in body["by_category"]}
    assert {one["category"]: one["expense"] for one in series["by_category"]} == by_category
