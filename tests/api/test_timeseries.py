"""Time series by day, week, month or year."""

from decimal import Decimal

import pytest

from insights.reports.periods import MAX_BUCKETS
from tests.api.bodies import assert_problem
from tests.api.reports import COMPLETE, NOTHING, category_of, record, report, total

pytestmark = pytest.mark.usefixtures("silent_chain")


def bucket(name: str, start: str, end: str, n: int = 0, *, is_partial: bool = False, **sums: str):
    return {"name": name, "start": start, "end": end, "is_partial": is_partial, "n": n, **NOTHING, **sums}


def test_every_month_has_a_bucket_and_cut_ones_are_partial(ana):
    record(ana, "100.00", "Salary", "2024-09-15")
    record(ana, "10.00", "Dining", "2024-09-16")
    record(ana, "2.50", "Dining", "2024-11-20", direction="in")
    record(ana, "9.00", "Dining", "2024-11-21")
    record(ana, "300.00", "Transfers", "2024-10-01")
    assert report(ana, "timeseries", bucket="monthly", start="2024-09-16", end="2024-11-20") == {
        "bucket": "monthly",
        "period": {"start": "2024-09-16", "end": "2024-11-20"},
        "currency": "EUR",
        "results": [
            bucket("2024-09", "2024-09-16", "2024-09-30", 1, is_partial=True, expense="10.00", savings="-10.00"),
            bucket("2024-10", "2024-10-01", "2024-10-31"),
            bucket("2024-11", "2024-11-01", "2024-11-20", 1, is_partial=True, expense="-2.50", savings="2.50"),
        ],
        **COMPLETE,
    }


@pytest.mark.parametrize(
    ("name", "start", "end", "names", "partial"),
    [
        ("daily", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"], []),
        ("weekly", "2024-11-15", "2024-11-30", ["2024-11-10", "2024-11-17", "2024-11-24"], [0]),
        ("monthly", "2024-11-10", "2025-01-08", ["2024-11", "2024-12"], [1]),
        ("yearly", "2024-01-10", "2026-01-09", ["2024", "2025"], []),
    ],
)
def test_weeks_have_the_name_of_their_first_day(ana, name, start, end, names, partial):
    ana.patch("users/me/", {"preferences": {"week_start": 7, "month_start": 10}})
    record(ana, "1.00", date=start)
    record(ana, "2.00", date=end)
    results = report(ana, "timeseries", bucket=name, start=start, end=end)["results"]
    assert [one["name"] for one in results] == names
    assert [place for place, one in enumerate(results) if one["is_partial"]] == partial
    assert (results[0]["expense"], results[-1]["expense"]) == ("1.00", "2.00")
    assert total(results, "expense") == 3


@pytest.mark.parametrize(("name", "n"), [("daily", 30), ("weekly", 13), ("monthly", 12), ("yearly", 5)])
def test_a_series_without_ends_ends_today(ana, name, n):
    body = report(ana, "timeseries", bucket=name)
    assert (len(body["results"]), body["period"]["end"]) == (n, str(ana.user.today()))
    assert [one["is_partial"] for one in body["results"][:-1]] == [False] * (n - 1)


def test_a_series_without_a_start_has_the_usual_length(ana):
    body = report(ana, "timeseries", end="2024-11-30")
    assert body["period"] == {"start": "2023-12-01", "end": "2024-11-30"}
    assert report(ana, "timeseries", bucket="yearly", end="1901-12-31")["period"]["start"] == "1900-01-01"


def test_each_category_has_every_bucket(ana):
    ana.post("categories/", {"name": "Sushi", "kind": "expense", "parent": "Dining"})
    record(ana, "10.00", "Dining", "2024-10-05")
    record(ana, "4.00", "Sushi", "2024-11-05")
    record(ana, "1.00", "Dining", "2024-11-06", direction="in")
    record(ana, "99.00", "Salary", "2024-11-06")
    record(ana, "0.50", None, "2024-11-06")
    body = report(ana, "timeseries", start="2024-10-01", end="2024-11-30", by="category")
    dining, sushi = category_of(ana, "Dining"), category_of(ana, "Sushi")
    names = ["category", "category_name", "parent", "parent_name", "expense", "n", "expenses"]
    assert body["by_category"] == [
        dict(zip(names, values, strict=True))
        for values in [
            (dining, "Dining", None, None, "9.00", 2, ["10.00", "-1.00"]),
            (sushi, "Sushi", dining, "Dining", "4.00", 1, ["0.00", "4.00"]),
            (None, None, None, None, "0.50", 1, ["0.00", "0.50"]),
        ]
    ]
    assert total(body["results"], "expense") == total(body["by_category"], "expense")


@pytest.mark.parametrize(
    ("query", "expense"),
    [
        ({"category": "dining"}, "3.00"),
        ({"category": ["Dining", "Travel"]}, "7.00"),
        ({"category": "Dining, Travel"}, "7.00"),
        ({"category": "Ham, cheese"}, "16.00"),
        ({"account": "PURSE"}, "2.00"),
        ({"tag": "Hot"}, "1.00"),
        ({"merchant": "lun"}, "4.00"),
        ({"category": "Dining", "tag": "hot"}, "1.00"),
        ({"currency": "EUR"}, "31.00"),
    ],
)
def test_a_time_series_takes_the_filters_of_the_list(ana, query, expense):
    ana.post("accounts/", {"name": "Purse", "currency": "EUR"})
    for fields in ({"name": "Sushi", "parent": "Dining"}, {"name": "Ham, cheese"}):
        assert ana.post("categories/", {"kind": "expense", **fields}).status_code == 201
    record(ana, "1.00", "Dining", tags=["hot"])
    record(ana, "2.00", "Sushi", account="Purse")
    record(ana, "4.00", "Travel", merchant="Luna")
    record(ana, "8.00", "Shopping")
    record(ana, "16.00", "Ham, cheese")
    results = report(ana, "timeseries", start="2024-11-01", end="2024-11-30", **query)["results"]
    assert [one["expense"] for one in results] == [expense]


def test_categories_accounts_and_tags_are_found_by_id(ana):
    own = ana.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"]
    tag = ana.post("tags/", {"name": "hot"}).json()["id"]
    record(ana, "1.00", "Dining", tags=["hot"], account="Purse")
    record(ana, "2.00", "Shopping")
    for query in ({"category": category_of(ana, "Dining")}, {"account": own}, {"tag": tag}):
        results = report(ana, "timeseries", start="2024-11-01", end="2024-11-30", **query)["results"]
        assert [one["expense"] for one in results] == ["1.00"]


def test_accounts_and_tags_of_others_do_not_exist(ana, ben):
    record(ana, "1.00", "Dining")
    own = {
        "category": ana.post("categories/", {"name": "Mine", "kind": "expense"}).json()["id"],
        "account": ana.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"],
        "tag": ana.post("tags/", {"name": "hot"}).json()["id"],
    }
    for name, number in own.items():
        for value in (number, "Nowhere", 2**63):
            assert_problem(ben.get("insights/timeseries/", {name: value}), 400, (name, "does_not_exist"))
    body = report(ben, "timeseries", start="2024-11-01", end="2024-11-30", by="category")
    assert (body["results"][0]["n"], body["by_category"]) == (0, [])


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"bucket": "hourly"}, "bucket", "invalid_choice"),
        ({"bucket": "daily", "start": "1900-01-01", "end": "2099-12-31"}, "bucket", "too_many"),
        ({"start": "2024-11-02", "end": "2024-11-01"}, "end", "ends_before_start"),
        ({"start": "2199-01-01"}, "end", "ends_before_start"),
        ({"start": "1899-01-01"}, "start", "out_of_range"),
        ({"end": "2024-02-30"}, "end", "invalid"),
        ({"by": "weather"}, "by", "invalid_choice"),
        ({"category": "Dining,Nowhere"}, "category", "does_not_exist"),
        ({"period": "month"}, "period", "unknown"),
        ({"account": ["a", "b"]}, "account", "repeated"),
    ],
)
def test_an_impossible_parameter_is_named(ana, query, field, code):
    assert_problem(ana.get("insights/timeseries/", query), 400, (field, code))


def test_too_many_buckets_are_refused(ana):
    assert_problem(ana.get("insights/timeseries/", {"start": "1900-01-01"}), 400, ("bucket", "too_many"))
    days = report(ana, "timeseries", bucket="daily", start="2022-01-01", end="2025-01-04")["results"]
    assert len(days) == MAX_BUCKETS


def test_buckets_add_up_to_the_cent_whatever_was_converted(ana):
    ana.post("rates/", {"base": "USD", "quote": "EUR", "date": "2024-11-02", "rate": "0.333333333333333"})
    for day in ("02", "03", "04", "05"):
        record(ana, "0.10", "Dining", f"2024-11-{day}", currency="USD")
    record(ana, "9", "Dining", currency="XAU")
    body = report(ana, "timeseries", bucket="daily", start="2024-11-01", end="2024-11-10")
    assert total(body["results"], "expense") == Decimal("0.13")
    assert (body["is_complete"], body["n_unconverted"], body["n_missing"]) == (False, 1, 1)


def test_rows_without_a_merchant_are_found_by_description(ana):
    record(ana, "10.00", description="PLUGH SAGT DANKE 4711")
    record(ana, "20.00", description="PLUGH SAGT DANKE 4712")
    record(ana, "5.00", description="PLUGH SAGT DANKE 4712", merchant="Corner shop")
    record(ana, "1.00", description="Cafe Luna")
    months = {"start": "2024-11-01", "end": "2024-11-30"}
    for text, expense in [
        ("PLUGH SAGT DANKE 4711", "30.00"),
        ("plugh", "30.00"),
        ("4711", "10.00"),
        ("corner", "5.00"),
        ("nobody", "0.00"),
    ]:
        (only,) = report(ana, "timeseries", merchant=text, **months)["results"]
        assert only["expense"] == expense, text


def test_rows_that_have_the_name_of_a_brand_are_found_by_it(ana):
    record(ana, "10.00", description="REWE SAGT DANKE 4711")
    for text, expense in [("rewe", "10.00"), ("4711", "0.00")]:
        (only,) = report(ana, "timeseries", merchant=text, start="2024-11-01", end="2024-11-30")["results"]
        assert only["expense"] == expense, text


def test_none_selects_rows_without_a_category(ana):
    record(ana, "10.00", "Dining")
    record(ana, "4.00")
    record(ana, "1.00", "Salary")
    named = ana.post("categories/", {"name": "None", "kind": "expense"}).json()["id"]
    record(ana, "8.00", "None")
    months = {"start": "2024-11-01", "end": "2024-11-30"}
    for category, expense in [("none", "4.00"), ("None", "4.00"), ("none,Dining", "14.00"), (str(named), "8.00")]:
        (only,) = report(ana, "timeseries", category=category, **months)["results"]
        assert only["expense"] == expense, category
