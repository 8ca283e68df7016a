"""Rows that are inserted without `bulk_create` are as if it had inserted them."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from expenses.models import Decision, Ledger, Transaction
from expenses.models.bulk_insert import insert_objects
from expenses.models.ledgers import ledger_id_of
from tests.conftest import make_user

N = 700  # more than one statement takes
SET_BY_THE_INSERT = {"id", "created_at", "updated_at"}


@pytest.fixture
def ledger_id(db: None) -> int:
    return ledger_id_of(make_user("ana"))


def decisions(ledger_id: int) -> list[Decision]:
    attempts = [{"provider": "history", "details": {"words": ["äpfel", 'a "quote"']}}]
    fields = {"ledger_id": ledger_id, "explanation": "You chose it.", "attempts": attempts, "confidence": 0.95}
    return [Decision(source=f"link {n}", **fields) for n in range(3)]


def transactions(ledger_id: int, n: int) -> list[Transaction]:
    fields: dict[str, Any] = {
        "ledger_id": ledger_id, "kind": "expense", "direction": "out", "currency": "EUR", "date": "2026-11-02",
        "raw_description": "Café", "description": "Café", "held": ["notes", "tag:5"], "version": 1,
    }  # fmt: skip
    return [Transaction(amount=Decimal(f"{i + 1}.25"), **fields) for i in range(n)]


def columns(row: Any) -> dict[str, Any]:
    found = type(row)._default_manager.values().get(pk=row.pk)
    return {name: value for name, value in found.items() if name not in SET_BY_THE_INSERT}


def test_columns_are_those_of_bulk_create(ledger_id):
    pairs: Any = [
        (decisions(ledger_id), decisions(ledger_id)),
        (transactions(ledger_id, 2), transactions(ledger_id, 2)),
    ]
    for rows, expected in pairs:
        insert_objects(rows)
        type(expected[0])._default_manager.bulk_create(expected)
        assert [columns(row) for row in rows] == [columns(row) for row in expected]


def test_times_are_those_of_the_insert(ledger_id):
    before = timezone.now()
    (row,) = transactions(ledger_id, 1)
    insert_objects([row])
    row.refresh_from_db()
    assert before <= row.created_at <= timezone.now()
    assert before <= row.updated_at <= timezone.now()


def test_objects_get_the_ids_of_their_rows(ledger_id):
    rows = transactions(ledger_id, N)
    insert_objects(rows)
    stored = dict(Transaction.objects.values_list("pk", "amount"))
    assert {row.pk: row.amount for row in rows} == stored


def test_an_inserted_object_is_saved_as_a_known_row(ledger_id):
    (row,) = transactions(ledger_id, 1)
    insert_objects([row])
    row.notes = "a cake"
    row.save()
    assert Transaction.objects.values_list("notes").get() == ("a cake",)


def test_nothing_is_inserted_for_no_objects(db):
    insert_objects([])
    assert not Ledger.objects.exists()
