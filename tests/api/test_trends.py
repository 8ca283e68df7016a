"""Trends: a month beside the months before it."""

import datetime as dt

import pytest

from insights.calendars import Calendar
from insights.reports.periods import period_around
from insights.reports.trends import spans_of
from tests.api.bodies import assert_problem
from tests.api.reports import COMPLETE, category_of, record, report

pytestmark = pytest.mark.usefixtures("silent_chain")


def trend(amount: str, previous: str, change: str, percent: str | None, direction: str, **of):
    empty = {"mean": dict.fromkeys(("3", "6", "12")), "median": dict.fromkeys(("3", "6", "12"))}
    return {
        "amount": amount, "previous": previous, **empty, "same_month_last_year": None,
        "change": {"amount": change, "percent": percent}, "direction": direction, **of,
    }  # fmt: skip


def test_the_category_that_moved_most_comes_first(ana):
    for amount, month in [("10.00", "08"), ("20.00", "09"), ("60.00", "10"), ("63.00", "11")]:
        record(ana, amount, "Dining", f"2024-{month}-15")
    record(ana, "500.00", "Travel", "2024-11-30")
    record(ana, "40.00", None, "2024-10-01")
    record(ana, "90.00", "Salary", "2024-11-01")
    record(ana, "7.00", "Dining", "2024-12-01")

    def of(name):
        number = category_of(ana, name) if name else None
        return {"category": number, "category_name": name, "parent": None, "parent_name": None}

    def known(mean, median):
        return {"mean": {"3": mean, "6": None, "12": None}, "median": {"3": median, "6": None, "12": None}}

    assert report(ana, "trends", month="2024-11") == {
        "month": {
            "unit": "month", "name": "2024-11", "start": "2024-11-01", "end": "2024-11-30", "n_days": 30,
            "n_days_elapsed": 30, "is_over": True, "compared_through": "2024-11-30",
        },
        "currency": "EUR",
        "flat_below_percent": "10.00",
        "n_months_before": 3,
        "expense": trend("563.00", "100.00", "463.00", "463.00", "up", **known("43.33", "20.00")),
        "income": trend("90.00", "0.00", "90.00", None, "up", **known("0.00", "0.00")),
        "results": [
            trend("500.00", "0.00", "500.00", None, "up", **of("Travel"), **known("0.00", "0.00")),
            trend("0.00", "40.00", "-40.00", "-100.00", "down", **of(None), **known("13.33", "0.00")),
            trend("63.00", "60.00", "3.00", "5.00", "flat", **of("Dining"), **known("30.00", "20.00")),
        ],
        **COMPLETE,
    }  # fmt: skip


def test_a_year_of_history_has_means_and_the_same_month(ana):
    record(ana, "1.00", "Dining", "2023-01-31")
    for month in range(1, 13):
        record(ana, f"{month}.00", "Dining", f"2024-{month:02}-02")
    record(ana, "36.00", "Dining", "2025-01-31")
    (only,) = report(ana, "trends", month="2025-01")["results"]
    assert only["mean"] == {"3": "11.00", "6": "9.50", "12": "6.50"}
    assert only["median"] == {"3": "11.00", "6": "9.50", "12": "6.50"}
    assert (only["same_month_last_year"], only["previous"], only["amount"]) == ("1.00", "12.00", "36.00")


def test_a_month_begins_on_the_day_of_the_preferences(ana):
    ana.patch("users/me/", {"preferences": {"month_start": 25}})
    record(ana, "1.00", "Dining", "2024-10-25")
    record(ana, "2.00", "Dining", "2024-11-24")
    record(ana, "4.00", "Dining", "2024-11-25")
    record(ana, "8.00", "Dining", "2024-12-25")
    (only,) = report(ana, "trends", month="2024-11")["results"]
    assert (only["amount"], only["previous"]) == ("4.00", "3.00")


def test_an_empty_ledger_has_zeros(ana):
    body = report(ana, "trends", month="2024-11")
    assert body["results"] == []
    assert body["expense"] == body["income"] == trend("0.00", "0.00", "0.00", None, "flat")


def test_an_unfinished_month_is_compared_by_the_same_days():
    november = period_around("month", dt.date(2026, 11, 20), Calendar())
    spans = spans_of(november, today=dt.date(2026, 11, 20))
    assert (len(spans), spans[0], spans[1]) == (
        13, (dt.date(2026, 11, 1), dt.date(2026, 11, 20)), (dt.date(2026, 10, 1), dt.date(2026, 10, 20)),
    )  # fmt: skip
    march = period_around("month", dt.date(2026, 3, 30), Calendar())
    assert spans_of(march, today=dt.date(2026, 3, 30))[1] == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert spans_of(march, today=dt.date(2026, 4, 1))[:2] == [
        (dt.date(2026, 3, 1), dt.date(2026, 3, 31)), (dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
    ]  # fmt: skip
    assert spans_of(march, today=dt.date(2026, 3, 31))[11] == (dt.date(2025, 4, 1), dt.date(2025, 4, 30))


def test_this_month_counts_through_today(ana):
    today = ana.user.today()
    ends_before = (today.replace(day=1) - dt.timedelta(1)).day
    record(ana, "5.00", "Dining", str(today))
    record(ana, "3.00", "Dining", str(today.replace(day=1) - dt.timedelta(ends_before)))
    body = report(ana, "trends")
    assert body["month"]["compared_through"] == str(today)
    assert (body["expense"]["amount"], body["expense"]["previous"]) == ("5.00", "3.00")


def test_refunds_above_what_was_spent_have_no_percent(ana):
    record(ana, "10.00", "Dining", "2024-10-05", direction="in")
    record(ana, "5.00", "Dining")
    (only,) = report(ana, "trends", month="2024-11")["results"]
    assert (only["previous"], only["change"], only["direction"]) == (
        "-10.00", {"amount": "15.00", "percent": None}, "up",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"month": "2024"}, "month", "invalid"),
        ({"month": "2024-11-02"}, "month", "invalid"),
        ({"month": "2024-00"}, "month", "invalid"),
        ({"month": "1899-12"}, "month", "out_of_range"),
        ({"month": "2190-01"}, "month", "in_the_future"),
        ({"date": "2024-11"}, "date", "unknown"),
    ],
)
def test_an_impossible_parameter_is_named(ana, query, field, code):
    assert_problem(ana.get("insights/trends/", query), 400, (field, code))


def test_missing_rates_are_named(ana):
    record(ana, "5.00", "Dining", currency="XAU")
    body = report(ana, "trends", month="2024-11")
    assert (body["is_complete"], body["n_unconverted"]) == (False, 1)
    assert body["missing"] == [{"base": "XAU", "quote": "EUR", "date": "2024-11-02"}]


def test_a_stranger_sees_none_of_the_sums(ana, ben):
    record(ana, "10.00", "Dining")
    assert report(ben, "trends", month="2024-11")["results"] == []
