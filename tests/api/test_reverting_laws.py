"""Laws of reverting.

Runs that are reverted in turn, the last one first, leave the ledger as it was. With other writes in between, whatever
is reverted when, no money appears twice and none goes, and copies that are kept by `changes/` stay equal.
"""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from expenses.models import Attachment, Run, Tombstone, Transaction, Transfer
from tests.api.attached_files import PDF, attach
from tests.api.bulk import record
from tests.api.copies import Copy, ledger_of
from tests.api.money_laws import check_laws, perform
from tests.laws import law

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


@law(4)
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


MIXED: list[dict[str, Any]] = [
    {"account": "Giro", "category": "Groceries", "external_id": "x"},
    {"account": "Giro", "payment_method": "cash", "notes": "m"},
    {"account": "Purse", "direction": "in"},
    {"account": "Purse", "direction": "in", "date": "2026-11-04", "tags": ["a"]},
    {"direction": "in", "category": "Salary", "external_id": "y"},
]
BY_HAND = ["split", "merge", "unsplit", "pair", "confirm", "reject", "unpair", "delete", "restore", "edit"]
SET = st.fixed_dictionaries(
    {},
    optional={
        "notes": st.sampled_from(["n", "m"]),
        "category": st.sampled_from(["Groceries", "Transfers", None]),
        "account": st.sampled_from(["Giro", "Purse", None]),
        "date": st.sampled_from(["2026-11-01", "2026-11-03", "2026-10-01"]),
        "payment_method": st.sampled_from(["card", None]),
        "mcc": st.sampled_from(["5411", ""]),
        "review": st.sampled_from(["needed", "done", None]),
        "is_excluded_from_budget": st.booleans(),
    },
).filter(bool)
NUMBER = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.sets(NUMBER, min_size=1, max_size=4), st.none() | SET),
        st.tuples(st.just("revert"), NUMBER, st.none()),
        st.tuples(st.just("patch"), NUMBER, SET | st.sampled_from([{"direction": "in"}, {"direction": "out"}])),
        st.tuples(st.sampled_from(["record", "attach"]), NUMBER, st.none()),
        st.tuples(st.sampled_from(BY_HAND), NUMBER, NUMBER),
    ),
    min_size=4,
    max_size=12,
)


class Receipts(Copy):
    """A copy that has attachments, too."""

    def __init__(self, api: Any) -> None:
        super().__init__(api)
        self.receipts: dict[int, Any] = {}

    def take(self, page: dict[str, Any]) -> None:
        super().take(page)
        for gone in page["deleted"]:
            if gone["type"] == "attachment":
                self.receipts.pop(gone["id"], None)
        self.receipts |= {row["id"]: row for row in page["attachments"]}


def take_step(api: Any, action: str, first: Any, second: Any) -> None:
    """Ask for it, whether it can be done or not."""
    if action in BY_HAND:
        perform(api, action, first, second)
        return
    rows = list(Transaction.everything.order_by("pk").values_list("pk", flat=True))
    if action == "run":
        where = {"ids": [rows[n % len(rows)] for n in first]}
        body = {**where, "set": second}
        answer = api.delete("transactions/bulk/", where) if second is None else api.patch("transactions/bulk/", body)
    elif action == "revert":
        runs = list(Run.objects.order_by("pk").values_list("pk", flat=True)) or [0]
        answer = api.post(f"runs/{runs[-1 - first % len(runs)]}/revert/")
    elif action == "patch":
        answer = api.patch(f"transactions/{rows[first % len(rows)]}/", second)
    elif action == "record":
        answer = api.post("transactions/", {"amount": "10.00", "description": "Again", "date": "2026-11-02",
                                            "direction": "out", **MIXED[first % len(MIXED)]})  # fmt: skip
    else:
        answer = attach(api, rows[first % len(rows)], PDF + bytes([first]))
    assert answer.status_code < 500, answer.content


def check_ledger(api: Any, copies: list[Receipts]) -> None:
    check_laws()
    for pair in Transfer.objects.exclude(status="rejected").select_related("outgoing", "incoming"):
        assert pair.outgoing.account_id != pair.incoming.account_id
    for part in Transaction.objects.filter(parent__isnull=False).select_related("parent"):
        assert (part.payment_method, part.mcc) == (part.parent.payment_method, part.parent.mcc)
        assert part.parent.deleted_at is None
    live = {"transaction": Transaction.objects, "attachment": Attachment.objects.filter(transaction__deleted_at=None)}
    for kind, rows in live.items():
        buried = set(Tombstone.objects.filter(type=kind).values_list("object_id", flat=True))
        assert not buried & set(rows.values_list("pk", flat=True))
    there, receipts = ledger_of(api), set(live["attachment"].values_list("pk", "version"))
    for copy in copies:
        copy.pull()
        assert copy.tables == there
        assert {(row["id"], row["version"]) for row in copy.receipts.values()} == receipts


@law(6)
@given(steps=STEPS)
@example(steps=[("split", 0, 0), ("run", {0}, None), ("record", 0, None)])  # its external id is taken
@example(steps=[("run", {0}, {"account": "Purse", "date": "2026-10-01"}), ("split", 0, 0)])
@example(steps=[("patch", 3, {"account": "Giro"}), ("run", {0}, {"account": "Purse"}), ("pair", 0, 3)])
@example(steps=[("attach", 0, None), ("run", {0}, None)])
@example(steps=[("reject", 0, 0), ("run", {1}, {"date": "2026-11-03"})])
@example(steps=[("split", 0, 0), ("run", {0}, {"payment_method": "card"})])
@example(steps=[("run", {0}, {"category": "Transfers"}), ("patch", 0, {"direction": "in"})])
def test_whatever_is_reverted_when_no_money_appears_and_copies_stay_equal(ana, settings, tmp_path, steps):
    settings.MEDIA_ROOT = tmp_path
    with transaction.atomic():
        for name in ("Giro", "Purse"):
            ana.post("accounts/", {"name": name})
        record(ana, *({"amount": "10.00", **row} for row in MIXED))
        copy = Receipts(ana)
        for step in [*steps, ("revert", 0, None)]:
            take_step(ana, *step)
            check_ledger(ana, [copy, Receipts(ana)])
        transaction.set_rollback(True)
