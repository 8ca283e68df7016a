"""Sums of income and expenses by month and more."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Avg, Max, Min, Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from expenses.models import Transaction
from expenses.reports.totals import add_up
from tests.api.bodies import assert_problem
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

NOTHING = {"income": "0.00", "expense": "0.00", "transfers_in": "0.00", "transfers_out": "0.00"}


def record(api, amount: str, category: str | None = None, direction: str = "out", **fields: Any) -> dict[str, Any]:
    row = {"amount": amount, "description": "Row", "category": category, "direction": direction, "date": "2026-11-02"}
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def totals(api, by="", **query):
    return api.get("transactions/totals/", {"by": by, **query}).json()["results"]


def test_totals_by_month_and_category(ana):
    dining = record(ana, "10.10", "Dining")["category"]
    record(ana, "20.20", "Dining", date="2026-11-30")
    record(ana, "1.00", "Dining", date="2026-10-31")
    record(ana, "5.00")
    answer = ana.get("transactions/totals/", {"by": "month,category"})
    assert answer.status_code == 200
    november = {"month": "2026-11", "currency": "EUR", **NOTHING}
    assert answer.json() == {
        "results": [
            november | {"month": "2026-10", "category": dining, "category_name": "Dining", "expense": "1.00", "n": 1},
            november | {"category": dining, "category_name": "Dining", "expense": "30.30", "n": 2},
            november | {"category": None, "category_name": None, "expense": "5.00", "n": 1},
        ]
    }


def test_a_refund_lowers_the_spend_and_transfers_are_counted_apart(ana):
    record(ana, "10.00", "Dining")
    record(ana, "25.00", "Dining", "in")
    record(ana, "2000.00", "Salary", "in")
    record(ana, "300.00", "Transfers")
    record(ana, "120.00", "Transfers", "in")
    assert totals(ana) == [
        {"currency": "EUR", "income": "2000.00", "expense": "-15.00", "transfers_in": "120.00",
         "transfers_out": "300.00", "n": 5},
    ]  # fmt: skip


def test_currencies_are_never_added_up(ana):
    record(ana, "10.00")
    record(ana, "1000", currency="JPY")
    record(ana, "1.005", currency="KWD")
    assert [(one["currency"], one["expense"]) for one in totals(ana)] == [
        ("EUR", "10.00"), ("JPY", "1000"), ("KWD", "1.005"),
    ]  # fmt: skip
    assert totals(ana, "currency") == totals(ana)


def test_parts_count_instead_of_what_is_split_and_the_bin_not_at_all(ana):
    whole = record(ana, "10.00", "Dining")["id"]
    fields = Transaction.objects.filter(pk=whole).values().get()
    del fields["id"]
    for amount in ("4.00", "6.00"):
        Transaction.objects.create(**fields | {"amount": Decimal(amount), "parent_id": whole})
    Transaction.objects.filter(pk=whole).update(is_split=True)
    ana.delete(f"transactions/{record(ana, '99.00')['id']}/")
    (total,) = totals(ana, "category")
    assert (total["expense"], total["n"]) == ("10.00", 2)


def test_totals_by_everything_else(ana):
    account = ana.post("accounts/", {"name": "Purse"}).json()["id"]
    for name in ("hot", "sweet"):
        ana.post("tags/", {"name": name})
    record(ana, "1.00", account="Purse", merchant="Cafe", tags=["hot", "sweet"], date="2025-03-01")
    record(ana, "2.00", "Salary", "in")
    kept = [("year", ["2025", "2026"]), ("month", ["2025-03", "2026-11"]), ("merchant", ["", "Cafe"]),
            ("kind", ["expense", "income"]), ("account", [account, None]),
            ("account_name", ["Purse", None])]  # fmt: skip
    for name, values in kept:
        assert [one[name] for one in totals(ana, name.removesuffix("_name"))] == values
    assert [(one["tag_name"], one["expense"]) for one in totals(ana, "tag")] == [
        ("hot", "1.00"), ("sweet", "1.00"), (None, "0.00"),
    ]  # fmt: skip
    (first, _) = totals(ana, "kind, account,year")
    assert list(first)[:4] == ["kind", "account", "account_name", "year"]
    mixed = totals(ana, "year,tag,kind")
    assert [(one["year"], one["tag_name"], one["kind"]) for one in mixed] == [
        ("2025", "hot", "expense"), ("2025", "sweet", "expense"), ("2026", None, "income"),
    ]  # fmt: skip


def test_a_merchant_has_one_total_however_it_is_written(ana):
    names = ["REWE To Go", "Rewe", "rewe", "brixel nord", "Brixel Nord", "Brixel Nord", ""]
    for name in names:
        record(ana, "1.00", merchant=name)
    wanted = [("", "1.00", 1), ("Brixel Nord", "3.00", 3), ("Rewe", "3.00", 3)]
    for query in ({}, {"convert_to": "EUR"}):
        found = totals(ana, "merchant", **query)
        assert [(one["merchant"], one["expense"], one["n"]) for one in found] == wanted
    assert [one["merchant"] for one in totals(ana, "month,merchant,kind")] == ["", "Brixel Nord", "Rewe"]
    rows = ana.get("transactions/").json()["results"]
    assert sorted(row["merchant"] for row in rows) == sorted(names)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"start_date": "2026-11-02"}, "6.00"),
        ({"end_date": "2026-11-02"}, "3.00"),
        ({"start_date": "2026-11-02", "end_date": "2026-11-02"}, "2.00"),
        ({"month": "2026-11"}, "6.00"),
        ({"year": "2026", "month": "10"}, "1.00"),
        ({"year": "2026"}, "7.00"),
        ({"category": "Dining"}, "6.00"),
        ({"uncategorized": "true"}, "1.00"),
        ({"tag": "hot"}, "2.00"),
        ({"search": "row"}, "7.00"),
        ({"min_amount": "2"}, "6.00"),
        ({"status": "confirmed"}, "6.00"),
        ({"merchant": "cafe"}, "4.00"),
    ],
)
def test_the_filters_of_the_list_narrow_totals(ana, query, expected):
    record(ana, "1.00", date="2026-10-31")
    record(ana, "2.00", "Dining", tags=["hot"])
    record(ana, "4.00", "Dining", date="2026-11-03", merchant="Cafe")
    assert ana.get("transactions/totals/", {"import": 1}).json() == {"results": []}
    assert [one["expense"] for one in totals(ana, **query)] == [expected]
    by_merchant = totals(ana, "kind,merchant", **query)
    assert sum(Decimal(one["expense"]) for one in by_merchant) == Decimal(expected)


def test_what_totals_cannot_be_by_is_named(ana):
    assert_problem(ana.get("transactions/totals/", {"by": "month,weather"}), 400, ("by", "invalid"))
    assert_problem(ana.get("transactions/totals/", {"weather": "x"}), 400, ("weather", "unknown"))


def test_a_stranger_counts_nothing_of_it(ana, ben):
    record(ana, "10.00")
    assert totals(ben, "month") == []


def test_totals_are_not_sent_again_while_nothing_changes(ana):
    record(ana, "10.00")
    tag = ana.get("transactions/totals/")["ETag"]
    assert ana.get("transactions/totals/", headers={"If-None-Match": tag}).status_code == 304
    record(ana, "10.00")
    assert ana.get("transactions/totals/", headers={"If-None-Match": tag}).status_code == 200


def test_totals_cost_one_query_that_an_index_answers(ana):
    record(ana, "10.00", "Dining")
    rows = Transaction.objects.for_user(ana.user)
    with CaptureQueriesContext(connection) as queries:
        add_up(rows, by=["month", "category"])
    (query,) = queries.captured_queries
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = [step[3] for step in cursor.fetchall()]
        assert plan == ["SEARCH expenses_transaction USING INDEX transaction_totals (ledger_id=?)"]


KINDS = st.sampled_from([("Dining", "out"), ("Dining", "in"), ("Salary", "in"), ("Transfers", "in"), (None, "out")])
ROW = st.tuples(KINDS, st.decimals(min_value=Decimal("0.01"), max_value=Decimal(99_999), places=2),
                st.sampled_from(["2026-10-31", "2026-11-01", "2025-11-01"]))  # fmt: skip


@law(5)
@given(rows=st.lists(ROW, max_size=8))
def test_finer_totals_come_to_the_same(ana, rows):
    for (category, direction), amount, day in rows:
        record(ana, str(amount), category, direction, date=day)
    names = ("income", "expense", "transfers_in", "transfers_out", "n")
    coarse = totals(ana)
    for by in ("year", "month", "category", "merchant", "month,category,account", "kind"):
        fine = totals(ana, by)
        assert [sum(Decimal(one[name]) for one in fine) for name in names] == [
            sum(Decimal(one[name]) for one in coarse) for name in names
        ]


def test_the_database_adds_and_averages_amounts_as_amounts(ana):
    for amount in ("1.50", "2.00", "4.00"):
        record(ana, amount)
    found = Transaction.objects.for_user(ana.user).order_by().aggregate(
        sum=Sum("amount"), mean=Avg("amount"), least=Min("amount"), most=Max("amount")
    )  # fmt: skip
    assert (found["sum"], found["least"], found["most"]) == (Decimal("7.5"), Decimal("1.5"), Decimal(4))
    assert isinstance(found["mean"], Decimal)
    assert found["mean"] == Decimal("2.5")
