"""A prepared query gives the rows of its query set, whatever the arguments, and composes its SQL once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from expenses.models import Account, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.models.prepared_queries import PreparedQuery
from tests.conftest import make_user

pytestmark = pytest.mark.usefixtures("silent_chain")
ROW = {"date": "2026-11-02", "currency": "EUR", "category": "Dining", "tags": ["tea"]}


@pytest.fixture
def ledger_id(ana: Any) -> int:
    ana.post("accounts/", {"name": "Checking"})
    for day, amount in enumerate(("5.50", "6.25", "7.00"), 1):
        fields = {"amount": amount, "description": f"Cafe {day}", "date": f"2026-11-0{day}", "account": "Checking"}
        assert ana.post("expenses/", ROW | fields).status_code == 201
    return ledger_id_of(ana.user)


def spent(ledger: int, since: date, amount: Decimal) -> "QuerySet[Transaction]":
    rows = Transaction.objects.filter(ledger_id=ledger, date__gte=since, amount__gt=amount)
    found: QuerySet[Transaction] = rows.with_related().order_by("date")
    return found


def described(ledger: int, texts: list[str]) -> "QuerySet[Transaction, str]":
    rows = Transaction.objects.filter(ledger_id=ledger, description__in=texts).order_by("date")
    found: QuerySet[Transaction, str] = rows.values_list("description", flat=True)
    return found


@pytest.mark.parametrize(
    ("since", "amount", "expected"),
    [
        (date(2026, 11, 1), Decimal("5.5"), ["Cafe 2", "Cafe 3"]),
        (date(2026, 11, 3), Decimal("5.5"), ["Cafe 3"]),
        (date(2026, 11, 1), Decimal("6.2499"), ["Cafe 2", "Cafe 3"]),
        (date(2026, 11, 4), Decimal(0), []),
    ],
)
def test_the_rows_are_those_of_the_query_set(ledger_id, since, amount, expected):
    prepared = PreparedQuery(spent)
    found = prepared(ledger_id, since, amount)
    assert [row.description for row in found] == expected
    assert found == list(spent(ledger_id, since, amount))
    assert prepared(ledger=ledger_id, amount=amount, since=since) == found


def test_rows_come_with_what_the_query_set_loads(ledger_id):
    prepared = PreparedQuery(spent)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            found = prepared(ledger_id, date(2026, 11, 1), Decimal(0))
            shown = [(str(row.account), str(row.category), [tag.name for tag in row.tags.all()]) for row in found]
        assert shown == [("Checking", "Dining", ["tea"])] * 3
        assert len(queries) == 2  # rows, tags


def test_rows_are_read_anew_and_belong_to_their_caller(ledger_id):
    prepared = PreparedQuery(spent)
    given = ledger_id, date(2026, 11, 3), Decimal(0)
    (first,) = prepared(*given)
    first.description = "never saved"
    (second,) = prepared(*given)
    assert second.description == "Cafe 3"
    Transaction.objects.filter(pk=first.pk).update(description="Tea house")
    (third,) = prepared(*given)
    assert third.description == "Tea house"


def test_a_list_may_have_any_length(ledger_id):
    prepared = PreparedQuery(described)
    for texts in (["Cafe 1"], ["Cafe 3", "Cafe 1"], ["Cafe 2"], [], ["Cafe 1", "Cafe 2", "Tea"]):
        assert prepared(ledger_id, texts) == sorted({*texts} - {"Tea"})


def test_the_query_set_is_made_once_for_each_length(ledger_id):
    made = []

    def counted(ledger: int, texts: list[str]) -> "QuerySet[Transaction, str]":
        made.append(len(texts))
        return described(ledger, texts)

    prepared = PreparedQuery(counted)
    for text in ("Cafe 1", "Cafe 2", "x"):
        prepared(ledger_id, [text])
    prepared(ledger_id, ["Cafe 1", "Cafe 2"])
    assert made == [1, 2]


@pytest.mark.usefixtures("real_database")
def test_threads_use_connections_of_their_own():
    ledger = ledger_id_of(make_user("ana"))
    Account.objects.create(ledger_id=ledger, name="Checking", currency="EUR", version=1)

    def names(ledger: int) -> "QuerySet[Account, str]":
        found: QuerySet[Account, str] = Account.objects.filter(ledger_id=ledger).values_list("name", flat=True)
        return found

    prepared, found = PreparedQuery(names), list[list[str]]()
    found.append(prepared(ledger))

    def work() -> None:
        try:
            found.append(prepared(ledger))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    assert found == [["Checking"], ["Checking"]]
