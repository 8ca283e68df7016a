"""Random series of requests, and the laws of money that hold after each."""

from collections import Counter
from decimal import Decimal

from expenses.models import Transaction, Transfer

TRANSFER = {"from_account": "Checking", "to_account": "Savings", "amount": "10.00", "date": "2026-11-02"}


def perform(api, operation, first, second):
    """Ask for it, whether it is possible or not; says whether it was done."""
    rows = list(Transaction.everything.order_by("pk").values_list("pk", flat=True))
    pairs = list(Transfer.objects.order_by("pk").values_list("pk", flat=True)) or [0]
    row, other, pair = rows[first % len(rows)], rows[second % len(rows)], pairs[first % len(pairs)]
    amount = Transaction.everything.get(pk=row).amount
    cents = Decimal(second + 1) / 100
    answer = {
        "split": lambda: api.put(f"transactions/{row}/split/", parts(cents, 2 * cents, amount - 3 * cents)),
        "merge": lambda: api.put(f"transactions/{row}/split/", parts(3 * cents, amount - 3 * cents)),
        "unsplit": lambda: api.delete(f"transactions/{row}/split/"),
        "pair": lambda: api.post("transfers/", {"outgoing": row, "incoming": other}),
        "transfer": lambda: api.post("transfers/", TRANSFER),
        "confirm": lambda: api.post(f"transfers/{pair}/confirm/"),
        "reject": lambda: api.post(f"transfers/{pair}/reject/"),
        "unpair": lambda: api.delete(f"transfers/{pair}/"),
        "delete": lambda: api.delete(f"transactions/{row}/"),
        "restore": lambda: api.post(f"transactions/{row}/restore/"),
        "edit": lambda: api.patch(f"transactions/{row}/", {"amount": str(amount + cents)}),
    }[operation]()
    assert answer.status_code < 500, answer.content
    return answer.status_code < 300


def parts(*amounts):
    return {"parts": [{"amount": f"{amount:.2f}"} for amount in amounts]}


def signed(row):
    return row.amount if row.direction == "in" else -row.amount


def sums(rows, *, by):
    """Money in minus money out, by a field."""
    totals: Counter[object] = Counter()
    for row in rows:
        totals[getattr(row, by)] += signed(row)
    return +totals, -totals


def check_laws():
    live = list(Transaction.objects.select_related("transfer"))
    wholes, leaves = [row for row in live if row.parent_id is None], [row for row in live if not row.is_split]
    for name in ("currency", "account_id"):
        assert sums(wholes, by=name) == sums(leaves, by=name)
    for parent in live:
        made = [row for row in live if row.parent_id == parent.pk]
        assert parent.is_split == bool(made)
        assert not made or sum(part.amount for part in made) == parent.amount
        assert all(
            (p.currency, p.date, p.account_id) == (parent.currency, parent.date, parent.account_id) for p in made
        )
    halves = [row for row in live if row.transfer_id is not None]
    standing = Transfer.objects.exclude(status="rejected").select_related("outgoing", "incoming")
    named = {(half.pk, pair.pk) for pair in standing for half in (pair.outgoing, pair.incoming)}
    assert {(half.pk, half.transfer_id) for half in halves} == named
    assert all(row.kind == "transfer" and not row.is_split and row.parent_id is None for row in halves)
    for pair in standing:
        sent, received = pair.outgoing, pair.incoming
        assert sent.amount == received.amount or sent.currency != received.currency
