"""Parts of split transactions: the fields that they share with the whole, and checks of both."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django.db.models import F, Q, Sum

from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import Refusal

MAX_PARTS = 50
#: What parts take over from their parent whenever it changes there.
INHERITED = ("account", "date", "payment_method", "iban", "mcc")
FIXED_ON_PARENT = ("amount", "currency", "direction", "kind")
FIXED_ON_PART = ("amount", "currency", "direction", "external_id", *INHERITED)
#: What only the whole by itself can be given, because its parts follow or would contradict it.
HELD_BY_WHOLE = {"category", *FIXED_ON_PARENT, *INHERITED}


class UnequalParts(Exception):
    """The parts do not add up to their parent."""

    def __init__(self, parent: Transaction, total: Decimal) -> None:
        super().__init__(describe_gap(total, parent.amount, parent.currency))


def describe_gap(total: Decimal, amount: Decimal, currency: str) -> str:
    """Return the sentence about parts that do not add up to the whole."""
    sums = f"{format_amount(total, currency)} {currency}, and the whole is {format_amount(amount, currency)} {currency}"
    return f"The parts add up to {sums}; they must be equal."


def parts_of(parents: Iterable[Transaction]) -> list[Transaction]:
    """Return the live parts of live parents, and parts that went into the bin at the same instant as their parents.

    They come `with_related()`.
    """
    split = [parent.pk for parent in parents if parent.is_split]
    if not split:
        return []
    live = Q(deleted_at=None, parent__deleted_at=None)
    parts = Transaction.everything.filter(live | Q(deleted_at=F("parent__deleted_at")), parent__in=split)
    return list(parts.with_related().order_by("pk"))


def check_sums(parents: Sequence[Transaction]) -> None:
    """Compare parents with their parts as they are in the database. Raises UnequalParts."""
    rows = Transaction.objects.filter(parent__in=[parent.pk for parent in parents]).order_by()
    totals = dict(rows.values_list("parent").annotate(total=Sum("amount")))
    for parent in parents:
        if totals.get(parent.pk) != parent.amount:
            raise UnequalParts(parent, totals.get(parent.pk, Decimal(0)))


def check_edit(row: Transaction, changes: Mapping[str, Any]) -> None:
    """Raise Refusal if a split holds one of the fields."""
    if row.parent_id is not None and _differing(row, changes, FIXED_ON_PART):
        name = _differing(row, changes, FIXED_ON_PART)[0]
        raise Refusal(f"The {_said(name)} of a part is changed at its parent, by split/.", code="part")
    if not row.is_split:
        return
    if changes.get("category") is not None:
        raise Refusal("Its parts have the categories; change theirs, or take the split back by split/.", code="split")
    if differing := _differing(row, changes, FIXED_ON_PARENT):
        detail = (
            f"Its parts make up its {_said(differing[0])}; change the parts by split/, or take the split back first."
        )
        raise Refusal(detail, code="split")


def pass_on(parents: Iterable[Transaction], *, version: int, author: Author) -> None:
    """Give what parts inherit from their parents to them."""
    wholes = {parent.pk: parent for parent in parents}
    parts = parts_of(wholes.values())
    with editing(parts, version=version, author=author):
        for part in parts:
            whole = wholes[cast("int", part.parent_id)]
            for name in INHERITED:
                setattr(part, name, getattr(whole, name))


def _differing(row: Transaction, changes: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [name for name in names if name in changes and changes[name] != getattr(row, name)]


def _said(name: str) -> str:
    return name.upper() if name in {"iban", "mcc"} else name.replace("_", " ")
