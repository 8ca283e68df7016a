"""Whatever is split, merged, paired, rejected, deleted and restored, no money appears and none goes."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from expenses.models import Ledger, Transaction, Transfer
from tests.api.money_laws import check_laws, perform, sums
from tests.laws import n_examples

OPERATIONS = [
    "split",
    "merge",
    "unsplit",
    "pair",
    "transfer",
    "confirm",
    "reject",
    "unpair",
    "delete",
    "restore",
    "edit",
]
#: What moves no money at all.
NEUTRAL = {"split", "merge", "unsplit", "pair", "confirm", "reject", "unpair", "transfer"}
STEPS = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=12)
ROWS = [
    {"amount": "10.00", "direction": "out", "account": "Checking", "category": "Groceries"},
    {"amount": "10.00", "direction": "out", "account": "Checking"},
    {"amount": "10.00", "direction": "in", "account": "Savings"},
    {"amount": "10.00", "direction": "in", "account": "Savings", "date": "2026-11-04"},
    {"amount": "10.00", "direction": "in", "account": "Dollars", "currency": "USD"},
    {"amount": "7.50", "direction": "out", "account": "Dollars", "currency": "USD"},
]
pytestmark = pytest.mark.usefixtures("silent_chain")


def test_money_in_is_money_out_through_any_series(ana):
    for name, code in (("Checking", "EUR"), ("Savings", "EUR"), ("Dollars", "USD")):
        ana.post("accounts/", {"name": name, "currency": code})

    @settings(
        max_examples=n_examples(5),
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=STEPS)
    def run(steps):
        Transaction.everything.all().delete()
        rows = [{"date": "2026-11-02", "description": "Row", **row} for row in ROWS]
        assert ana.post("transactions/bulk/", {"transactions": rows}).json()["errors"] == []
        for operation, first, second in steps:
            before = sums(Transaction.objects.filter(parent=None), by="currency")
            version = Ledger.objects.get(founder=ana.user).version
            is_done = perform(ana, operation, first, second)
            if operation in NEUTRAL:
                assert sums(Transaction.objects.filter(parent=None), by="currency") == before
            check_laws()
            check_sync(ana, version, is_done)

    run()


def check_sync(api, since, is_done):
    """A client's copy that was good stays good; what is refused changes nothing."""
    changes = api.get("changes/", {"since": since, "limit": 5000}).json()
    if not is_done:
        assert changes["version"] == since
        assert [changes["transactions"], changes["transfers"], changes["deleted"]] == [[], [], []]
    gone = {(stone["type"], stone["id"]) for stone in changes["deleted"]}
    live = set(Transaction.objects.values_list("pk", flat=True))
    assert not {number for kind, number in gone if kind == "transaction"} & live
    pairs = set(Transfer.objects.values_list("pk", flat=True))
    assert not {number for kind, number in gone if kind == "transfer"} & pairs
