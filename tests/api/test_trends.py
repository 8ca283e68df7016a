"""Trends: a month beside the months before it."""

import datetime as dt

import pytest

from insights.calendars import Calendar
from insights.reports.periods import period_around
from insights.reports.trends import compared_span, spans_of
from tests.api.bodies import assert_problem
from tests.api.reports import COMPLETE, category_of, record, report

pytestmark = pytest.mark.usefixtures("silent_chain")


def trend(amount: str, previous: str, change: str | None, percent: str | None, direction: str | None, **of):
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
            "n_days_elapsed": 30, "is_over": True, "compared_from": "2024-11-01", "compared_through": "2024-11-30",
        },
        "note": None,
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


def nothing(amount="0.00", previous="0.00"):
    """Return what is said where there is nothing to compare."""
    return trend(amount, previous, None, None, None)


def through(body):
    return body["month"]["compared_from"], body["month"]["compared_through"], body["note"]


def test_an_empty_ledger_has_nothing_to_compare(ana):
    body = report(ana, "trends", month="2024-11")
    assert body["results"] == []
    assert body["expense"] == body["income"] == nothing()
    assert through(body) == (None, None, "Nothing is recorded yet.")


def test_a_month_is_compared_as_far_as_it_is_recorded(ana):
    for month in ("10", "11"):
        record(ana, "500.00", "Housing", f"2024-{month}-01")
        record(ana, "20.00", "Dining", f"2024-{month}-12")
    record(ana, "300.00", "Shopping", "2024-10-25")
    body = report(ana, "trends", month="2024-11")
    assert (body["expense"]["amount"], body["expense"]["previous"]) == ("520.00", "520.00")
    assert body["expense"]["direction"] == "flat"
    assert {one["category_name"] for one in body["results"]} == {"Housing", "Dining"}
    note = "Nothing is recorded after 2024-11-12, so later days are not compared."
    assert through(body) == ("2024-11-01", "2024-11-12", note)


def test_a_month_that_is_over_is_whole_if_only_its_last_days_are_quiet(ana):
    record(ana, "20.00", "Dining", "2024-10-31")
    record(ana, "1.00", "Dining", "2024-10-01")
    record(ana, "21.00", "Dining", "2024-11-27")
    body = report(ana, "trends", month="2024-11")
    assert (body["expense"]["previous"], body["expense"]["direction"]) == ("21.00", "flat")
    assert through(body) == ("2024-11-01", "2024-11-30", None)


def test_a_transfer_shows_that_a_day_is_recorded(ana):
    record(ana, "20.00", "Dining", "2024-10-02")
    record(ana, "20.00", "Dining", "2024-11-02")
    record(ana, "50.00", "Transfers", "2024-11-30")
    assert through(report(ana, "trends", month="2024-11")) == ("2024-11-01", "2024-11-30", None)


def test_a_month_that_is_not_yet_recorded_is_not_compared(ana):
    record(ana, "20.00", "Dining", "2024-09-02")
    record(ana, "20.00", "Dining", "2024-10-31")
    body = report(ana, "trends", month="2024-11")
    assert body["expense"] == nothing("0.00", "20.00")
    assert [one["direction"] for one in body["results"]] == [None]
    note = "Nothing is recorded in 2024-11 yet; the last transaction is of 2024-10-31."
    assert through(body) == (None, None, note)


def test_who_imports_once_a_month_is_told_so_in_the_month_that_runs(ana):
    today = ana.user.today()
    last = today.replace(day=1) - dt.timedelta(1)
    record(ana, "20.00", "Dining", str(last.replace(day=1)))
    record(ana, "30.00", "Dining", str(last))
    body = report(ana, "trends")
    assert body["expense"]["change"] == {"amount": None, "percent": None}
    assert body["note"] == f"Nothing is recorded in {today:%Y-%m} yet; the last transaction is of {last}."


def test_the_first_month_has_no_month_before(ana):
    record(ana, "20.00", "Dining", "2024-11-02")
    record(ana, "20.00", "Dining", "2024-12-02")
    body = report(ana, "trends", month="2024-11")
    assert body["expense"] == nothing("20.00", "0.00")
    assert body["note"] == "The first transaction is of 2024-11-02, so there is no month before to compare with."


def test_a_month_after_a_gap_is_not_compared(ana):
    record(ana, "20.00", "Dining", "2024-09-02")
    record(ana, "20.00", "Dining", "2024-11-02")
    body = report(ana, "trends", month="2024-11")
    assert body["expense"]["direction"] is None
    assert body["note"] == "Nothing is recorded in 2024-10, the month before."


def test_a_ledger_that_began_within_the_month_before_is_compared_from_that_day(ana):
    record(ana, "20.00", "Dining", "2024-10-15")
    record(ana, "500.00", "Housing", "2024-11-01")
    record(ana, "30.00", "Dining", "2024-11-15")
    record(ana, "1.00", "Dining", "2024-12-01")
    body = report(ana, "trends", month="2024-11")
    assert (body["expense"]["amount"], body["expense"]["previous"]) == ("30.00", "20.00")
    note = "The first transaction is of 2024-10-15, so earlier days of a month are not compared."
    assert through(body) == ("2024-11-15", "2024-11-30", note)


def test_no_day_of_a_short_record_is_in_both_months(ana):
    record(ana, "20.00", "Dining", "2024-10-15")
    record(ana, "30.00", "Dining", "2024-11-10")
    body = report(ana, "trends", month="2024-11")
    assert (body["expense"]["direction"], body["expense"]["amount"]) == (None, "30.00")
    assert through(body) == (
        None,
        None,
        (
            "Nothing is recorded after 2024-11-10, so later days are not compared. "
            "The first transaction is of 2024-10-15, so earlier days of a month are not compared."
        ),
    )


def test_rows_of_days_to_come_do_not_count(ana):
    today = ana.user.today()
    record(ana, "3.00", "Dining", str((today.replace(day=1) - dt.timedelta(1)).replace(day=1)))
    record(ana, "5.00", "Dining", str(today))
    record(ana, "9.00", "Dining", str(today + dt.timedelta(1)))
    body = report(ana, "trends")
    assert (body["expense"]["amount"], body["month"]["compared_through"]) == ("5.00", str(today))


def spans(month, today, *, last=None):
    span = compared_span(month, today=today, first=dt.date(2020, 1, 1), last=last or today, has_before=True)
    return spans_of(month, span)


def test_an_unfinished_month_is_compared_by_the_same_days():
    november = period_around("month", dt.date(2026, 11, 20), Calendar())
    found = spans(november, dt.date(2026, 11, 20))
    assert (len(found), found[0], found[1]) == (
        13, (dt.date(2026, 11, 1), dt.date(2026, 11, 20)), (dt.date(2026, 10, 1), dt.date(2026, 10, 20)),
    )  # fmt: skip
    march = period_around("month", dt.date(2026, 3, 30), Calendar())
    assert spans(march, dt.date(2026, 3, 30))[1] == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert spans(march, dt.date(2026, 4, 1))[:2] == [
        (dt.date(2026, 3, 1), dt.date(2026, 3, 31)), (dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
    ]  # fmt: skip
    assert spans(march, dt.date(2026, 3, 31))[11] == (dt.date(2025, 4, 1), dt.date(2025, 4, 30))
    assert spans(march, dt.date(2026, 4, 1), last=dt.date(2026, 3, 9))[1] == (dt.date(2026, 2, 1), dt.date(2026, 2, 9))


def test_this_month_counts_through_today(ana):
    today = ana.user.today()
    ends_before = (today.replace(day=1) - dt.timedelta(1)).day
    record(ana, "5.00", "Dining", str(today))
    record(ana, "3.00", "Dining", str(today.replace(day=1) - dt.timedelta(ends_before)))
    body = report(ana, "trends")
    assert body["month"]["compared_through"] == str(today)
    assert (body["expense"]["amount"], body["expense"]["previous"]) == ("5.00", "3.00")


def test_refunds_above_what_was_spent_have_no_percent(ana):
    record(ana, "10.00", "Dining", "2024-10-02", direction="in")
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
