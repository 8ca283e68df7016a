"""The law of runs: whatever they did, reverting them in turn, the last one first, leaves the ledger as it was."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expenses.models import Transaction
from tests.api.test_bulk_edit import record

pytestmark = pytest.mark.usefixtures("silent_chain")

STAMPS = {"version", "updated_at"}
ROWS = st.fixed_dictionaries(
    {"direction": st.sampled_from(["in", "out"])},
    optional={
        "category": st.just("Dining"),
        "tags": st.sampled_from([["a"], ["a", "b"]]),
        "notes": st.just("n"),
        "account": st.just("Giro"),
        "external_id": st.sampled_from(["x", "y"]),
    },
)
CHANGES = st.fixed_dictionaries(
    {"notes": st.sampled_from(["n", "m"])},
    optional={
        "category": st.sampled_from(["Groceries", "Dining", "Transfers", None]),
        "account": st.sampled_from(["Giro", "Purse", None]),
        "add_tags": st.sampled_from([["a"], ["c"]]),
        "remove_tags": st.sampled_from([["a"], ["b"]]),
        "merchant": st.just("Luna"),
        "date": st.just("2026-01-01"),
    },
)
WHICH = st.sampled_from([{"all": True}, {"tag": "a"}, {"kind": "expense"}, {"uncategorized": True}, {"search": "m"}])
ORDERS = st.lists(st.tuples(WHICH, st.none() | CHANGES), min_size=1, max_size=3)


def all_of_it() -> Any:
    """Every row, in the bin or not, but for its stamps."""
    columns = [field.attname for field in Transaction._meta.concrete_fields if field.name not in STAMPS]
    tags = Transaction.tags.through.objects.order_by("transaction_id", "tag_id").values_list("transaction_id", "tag_id")
    return list(Transaction.everything.order_by("pk").values_list(*columns)), list(tags)


def send(api: Any, which: Any, changes: Any) -> Any:
    if changes is None:
        return api.delete("transactions/bulk/", {"filter": which})
    return api.patch("transactions/bulk/", {"filter": which, "set": changes})


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row.get("external_id", id(row))), orders=ORDERS
)
def test_what_runs_did_is_taken_back_exactly(ana, rows, orders):
    with transaction.atomic():
        for name in ("Giro", "Purse"):
            ana.post("accounts/", {"name": name})
        record(ana, *rows, {"tags": ["a"]}, {"kind": "income", "direction": "in"})
        states, numbers = [all_of_it()], []
        for which, changes in orders:
            answer = send(ana, which, changes)
            if answer.status_code == 202:  # not a category that fits none of the rows
                numbers.append(answer.json()["id"])
                states.append(all_of_it())
        for number in reversed(numbers):
            assert all_of_it() == states.pop()
            assert ana.post(f"runs/{number}/revert/").json()["kept"] == []
        assert all_of_it() == states.pop()
        transaction.set_rollback(True)
