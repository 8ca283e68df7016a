"""The law of runs: whatever they did, reverting them in turn, the last one first, leaves the ledger as it was."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expenses.models import Transaction
from tests.api.test_bulk_edit import contents, record

pytestmark = pytest.mark.usefixtures("silent_chain")

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
ORDERS = st.lists(st.tuples(WHICH, st.none() | CHANGES), min_size=1, max_size=4)


class Undo(Exception):
    """Ends an example without a trace."""


def order(api: Any, which: Any, changes: Any) -> int:
    if changes is None:
        answer = api.delete("transactions/bulk/", {"filter": which})
    else:
        answer = api.patch("transactions/bulk/", {"filter": which, "set": changes})
    assert answer.status_code == 202, answer.content
    number: int = answer.json()["id"]
    return number


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row.get("external_id", id(row))), orders=ORDERS
)
def test_what_runs_did_is_taken_back_exactly(ana, rows, orders):
    def all_of_it() -> Any:
        return contents(ana), list(Transaction.everything.order_by("pk").values_list("pk", "deleted_at", "is_touched"))

    with pytest.raises(Undo), transaction.atomic():
        for name in ("Giro", "Purse"):
            ana.post("accounts/", {"name": name})
        ana.post("transactions/", {"kind": "income", "amount": "1", "description": "m"})
        record(ana, *rows, {"tags": ["a"]})
        states = [all_of_it()]
        numbers = []
        for which, changes in orders:
            if ana.get("transactions/", {"tag": "a"}).json()["count"] == 0:
                break
            numbers.append(order(ana, which, changes))
            states.append(all_of_it())
        for number in reversed(numbers):
            assert all_of_it() == states.pop()
            assert ana.post(f"runs/{number}/revert/").json()["kept"] == []
        assert all_of_it() == states.pop()
        raise Undo
