"""Makes two transactions the halves of a transfer, and takes them apart again. The caller holds the ledger's lock."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db.models import OuterRef, Subquery, prefetch_related_objects
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.ledger.transfer_matching import DAYS_UNDER_WAY, Pair
from expenses.models import CategorizationStatus, Category, Change, Transaction, Transfer, TransferStatus
from expenses.models.transfers import STANDS
from expenses.services.editing import Author, change_of
from expenses.services.journal import differences, snapshot
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, bury, next_version
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.rewinding import STANDING, Fields, rewind
from expenses.services.standing import apply_choice

#: Who pairs rows that no person paired.
SOURCE = "transfers"
#: Two rows and the pair itself share a version.
PAIRS_OF_A_VERSION = ROWS_OF_A_VERSION // 3
#: What makes a row another movement when it changes; the date may within days.
HELD = ("amount", "account", "currency", "direction", "category")
#: What the body of a transfer shows of its rows.
SHOWN = {"amount", "account", "currency", "date"}
WRITTEN = [Transaction._meta.get_field(name).attname for name in (*STANDING, "is_touched")]  # type: ignore[union-attr]


def join_rows(
    pairs: Iterable[Pair], *, ledger_id: int, author: Author, known: Iterable[Transaction] = ()
) -> list[Transfer]:
    """Make pairs of (outgoing, incoming) ids transfers; rows in `known` are changed in memory, too.

    A number of queries that grows with hundreds of pairs, not with each.
    """
    rest, transfers = iter(pairs), []
    in_memory = {row.pk: row for row in known}
    while part := list(islice(rest, PAIRS_OF_A_VERSION)):
        transfers += _join(part, in_memory, next_version(ledger_id), ledger_id=ledger_id, author=author)
    return transfers


def remove_pairs(pairs: Iterable[Transfer], *, author: Author, known: Iterable[Transaction] = ()) -> None:
    """Take pairs of one ledger apart and forget them; both halves stand as before.

    Rows in `known` come `with_related()` and are changed in memory, too.
    """
    rest = iter(pairs)
    while part := list(islice(rest, PAIRS_OF_A_VERSION)):
        ledger_id = part[0].ledger_id
        version = next_version(ledger_id)
        part_rows(part, version=version, author=author, known=known)
        bury(Transfer, [pair.pk for pair in part], ledger_id=ledger_id, version=version)
        Transfer.objects.filter(pk__in=[pair.pk for pair in part]).delete()


def part_rows(pairs: Sequence[Transfer], *, version: int, author: Author, known: Iterable[Transaction] = ()) -> None:
    """Let both halves of each pair stand as before they were paired; a rejected pair has let them go already."""
    standing = {pair.pk: pair for pair in pairs if pair.status != TransferStatus.REJECTED}
    if not standing:
        return
    ids = [pk for pair in standing.values() for pk in (pair.outgoing_id, pair.incoming_id)]
    rows = list(_load(ids, {row.pk: row for row in known}).values())
    ledger_id, had_choices = rows[0].ledger_id, has_confirmed(rows)
    with _standing_anew(rows, version=version, author=author):
        rewind(rows, until=lambda fields: _paired_into(fields) in standing, catalog=Catalog.load(ledger_id))
        for row in rows:
            row.transfer = None
    if had_choices or has_confirmed(rows):
        call_confirmation_hooks(ledger_id=ledger_id)
    if any(row.review_status == CategorizationStatus.PENDING for row in rows):
        RESOLVE_PENDING.queue(ledger_id)


def leave_transfer(
    row: Transaction, changes: Mapping[str, Any], *, author: Author, known: Iterable[Transaction] = ()
) -> Mapping[str, Any]:
    """Take the row's pair apart where the author's changes make it another movement. Gives what is left to apply.

    Rows in `known`, which come `with_related()`, are changed in memory, too.
    """
    if row.transfer_id is None:
        return changes
    pair = Transfer.objects.with_rows().get(pk=row.transfer_id)
    if not breaks_pair(pair, row, changes):
        return changes
    remove_pairs([pair], author=Author(SOURCE, author.user, author.run), known=[row, *known])
    if "category" in changes or "is_kind_stated" in changes:
        return changes
    return {name: value for name, value in changes.items() if name != "kind"}  # it followed from the pair's category


def restamp_transfers(rows: Iterable[Transaction], changes: Iterable[str], *, version: int) -> None:
    """Give every pair of the rows, rejected ones too, a new version where it shows a changed field."""
    if not SHOWN.isdisjoint(changes):
        Transfer.objects.of(row.pk for row in rows).update(version=version)


def breaks_pair(pair: Transfer, row: Transaction, changes: Mapping[str, Any]) -> bool:
    """Whether changes of one half, field → value, make it another movement than the pair's."""
    if any(name in changes and changes[name] != getattr(row, name) for name in HELD):
        return True
    other = pair.incoming if pair.outgoing_id == row.pk else pair.outgoing
    day = changes.get("date", row.date)
    return bool(day != row.date and abs((day - other.date).days) > DAYS_UNDER_WAY)


def _join(
    pairs: list[Pair], in_memory: dict[int, Transaction], version: int, *, ledger_id: int, author: Author
) -> list[Transfer]:
    rows = _load([pk for pair in pairs for pk in pair], in_memory)
    status = TransferStatus.CONFIRMED if author.touches else TransferStatus.AUTOMATIC
    transfers: list[Transfer] = Transfer.objects.bulk_create(
        [
            Transfer(ledger_id=ledger_id, outgoing=rows[out], incoming=rows[into], status=status, version=version)
            for out, into in pairs
        ],
        batch_size=500,
    )
    category = Category.objects.get(ledger=None, key="transfers")
    with _standing_anew(list(rows.values()), version=version, author=author):
        for transfer in transfers:
            for row in (transfer.outgoing, transfer.incoming):
                row.transfer = transfer
                _call_transfer(row, category, author)
    return transfers


def _call_transfer(row: Transaction, category: Category, author: Author) -> None:
    """A category for transfers that the row has already stays: it may be a finer one of the person's own."""
    row.kind = "transfer"
    if row.category is not None and row.category.kind == "transfer":
        row.review_status = CategorizationStatus.CONFIRMED if author.touches else row.review_status
        return
    apply_choice(row, category)
    if not author.touches:
        row.review_status, row.category_source = CategorizationStatus.AUTOMATIC, SOURCE


def _paired_into(fields: Fields) -> int | None:
    after: int | None = fields.get("transfer", [None, None])[1]
    return after


def _load(ids: Sequence[int], in_memory: dict[int, Transaction]) -> dict[int, Transaction]:
    """Rows by id, those in memory as they are there."""
    found = Transaction.everything.filter(pk__in=[pk for pk in ids if pk not in in_memory]).with_related()
    rows = {row.pk: row for row in found}
    return {pk: in_memory.get(pk) or rows[pk] for pk in ids}


@contextmanager
def _standing_anew(rows: Sequence[Transaction], *, version: int, author: Author) -> Iterator[None]:
    """What `editing` does, for many rows of which only the standing changes."""
    prefetch_related_objects(rows, "tags")
    before = [snapshot(row) for row in rows]
    yield
    changes, now = [], timezone.now()
    for row, was in zip(rows, before, strict=True):
        row.version, row.updated_at = version, now
        row.is_touched = row.is_touched or author.touches
        changes.append(change_of(row, differences(was, snapshot(row)), author))
    _store(rows, version=version, now=now)
    Change.objects.bulk_create(changes, batch_size=500)


def _store(rows: Sequence[Transaction], *, version: int, now: dt.datetime) -> None:
    """One statement for all rows that stand alike, of which there are few kinds, and one for each half's pointer."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        alike[tuple(getattr(row, name) for name in WRITTEN)].append(row.pk)
    for values, ids in alike.items():
        fields = dict(zip(WRITTEN, values, strict=True))
        Transaction.everything.filter(pk__in=ids).update(transfer=None, version=version, updated_at=now, **fields)
    paired = Transaction.everything.filter(pk__in=[row.pk for row in rows if row.transfer_id is not None])
    for direction, half in (("out", "outgoing"), ("in", "incoming")):
        pair = Transfer.objects.filter(STANDS, **{half: OuterRef("pk")}).order_by()
        paired.filter(direction=direction).update(transfer=Subquery(pair.values("pk")))
