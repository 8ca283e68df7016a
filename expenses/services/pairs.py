"""Pairs of transactions that are the halves of transfers: found, made and taken apart. The caller holds the lock."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from expenses.categorization.catalog import Catalog
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.ledger.transfer_matching import DAYS_UNDER_WAY, Half, Pair, match_halves
from expenses.models import CategorizationStatus, Category, Run, Transaction, Transfer, TransferStatus
from expenses.models.transfers import STANDING
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, bury, ledger_write, next_version
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.row_category import apply_choice, rewind

#: The author, in the journal, of pairs that no user made.
SOURCE = "transfers"
#: A pair takes three rows of a version: its two transactions and the transfer.
PAIRS_OF_A_VERSION = ROWS_OF_A_VERSION // 3
#: A change of these makes a row another movement; the date may change by days.
DEFINING = ("amount", "account", "currency", "direction", "category")
#: The fields of its transactions that the body of a transfer shows.
SHOWN_IN_TRANSFER = {"amount", "account", "currency", "date"}
AMOUNTS_OF_A_QUERY = ROWS_OF_A_QUERY = 1000
#: Rows of a run that another account may have the other half of: one look into the index of amounts for each row.
WITH_PARTNER = """
    SELECT fresh.id FROM expenses_transaction AS fresh
    WHERE fresh.run_id = %s AND EXISTS (
        SELECT 1 FROM expenses_transaction AS other {by_amount}
        WHERE other.ledger_id = fresh.ledger_id AND other.amount = fresh.amount
            AND other.date BETWEEN {early} AND {late}
            AND other.direction <> fresh.direction AND other.currency = fresh.currency
            AND other.account_id <> fresh.account_id AND other.account_id IS NOT NULL
            AND other.deleted_at IS NULL AND other.parent_id IS NULL AND other.transfer_id IS NULL
    )
"""
HALF_FIELDS = ("pk", "account_id", "direction", "amount", "currency", "date")


def pair_recorded(rows: Sequence[Transaction], *, ledger_id: int) -> None:
    """Pair new rows with each other and with older ones. It takes one query if nothing is found."""
    fresh = [row for row in rows if row.is_pairable]
    if fresh:
        halves = [Half(*(getattr(row, name) for name in HALF_FIELDS)) for row in fresh]
        _pair(halves, ledger_id=ledger_id, author=Author(SOURCE), known=fresh)


def pair_run(run: Run) -> int:
    """Pair the rows that a run recorded, as part of the run. Return how many pairs are new."""
    with ledger_write(run.ledger_id):
        ids = iter(_ids_with_partner(run))
        rows = Transaction.objects.filter(run=run).pairable().order_by()
        fresh: list[Half] = []
        while part := list(islice(ids, ROWS_OF_A_QUERY)):
            fresh += [Half(*values) for values in rows.filter(pk__in=part).values_list(*HALF_FIELDS)]
        return _pair(fresh, ledger_id=run.ledger_id, author=Author(SOURCE, run=run), known=()) if fresh else 0


def _ids_with_partner(run: Run) -> list[int]:
    """Return the ids of the run's rows that another account may have the other half of."""
    if connection.vendor == "sqlite":  # without statistics it takes the index of days
        parts = {"by_amount": "INDEXED BY transaction_amount", "day": "date(fresh.date, '{:+d} days')"}
    else:
        parts = {"by_amount": "", "day": "fresh.date + {}"}
    early, late = parts["day"].format(-DAYS_UNDER_WAY), parts["day"].format(DAYS_UNDER_WAY)
    with connection.cursor() as cursor:
        cursor.execute(WITH_PARTNER.format(by_amount=parts["by_amount"], early=early, late=late), [run.pk])
        return [pk for (pk,) in cursor.fetchall()]


def join_rows(
    pairs: Iterable[Pair], *, ledger_id: int, author: Author, known: Iterable[Transaction] = ()
) -> list[Transfer]:
    """Make transfers of pairs of (outgoing, incoming) ids. Rows in `known` are changed in memory, too.

    The number of queries grows with hundreds of pairs, not with each.
    """
    rest, transfers = iter(pairs), list[Transfer]()
    in_memory = {row.pk: row for row in known}
    status = TransferStatus.CONFIRMED if author.touches else TransferStatus.AUTOMATIC
    while part := list(islice(rest, PAIRS_OF_A_VERSION)):
        version = next_version(ledger_id)
        rows = _load([pk for pair in part for pk in pair], in_memory)
        made = Transfer.objects.bulk_create(
            [
                Transfer(ledger_id=ledger_id, outgoing=rows[out], incoming=rows[into], status=status, version=version)
                for out, into in part
            ],
            batch_size=500,
        )
        join_halves(made, version=version, author=author)
        transfers += made
    return transfers


def join_halves(pairs: Sequence[Transfer], *, version: int, author: Author) -> None:
    """Let the rows of pairs be halves of transfers. The rows are loaded `with_related()`."""
    category = Category.objects.get(ledger=None, key="transfers")
    rows = [row for pair in pairs for row in (pair.outgoing, pair.incoming)]
    with editing(rows, version=version, author=author):
        for pair in pairs:
            for row in (pair.outgoing, pair.incoming):
                row.transfer = pair
                _categorize_half(row, category, author)


def remove_pairs(pairs: Iterable[Transfer], *, author: Author, known: Iterable[Transaction] = ()) -> None:
    """Take pairs of one ledger apart and delete them. Both halves get their former categories back.

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
    """Give both halves of each pair their former categories back. Pairs that do not stand are passed over."""
    standing = {pair.pk: pair for pair in pairs if pair.status in STANDING}
    if not standing:
        return
    ids = [pk for pair in standing.values() for pk in (pair.outgoing_id, pair.incoming_id)]
    rows = list(_load(ids, {row.pk: row for row in known}).values())
    ledger_id, had_confirmed = rows[0].ledger_id, has_confirmed(rows)
    with editing(rows, version=version, author=author):
        rewind(
            rows,
            until=lambda fields: fields.get("transfer", [None, None])[1] in standing,
            catalog=Catalog.load(ledger_id),
        )
        for row in rows:
            row.transfer = None
    if had_confirmed or has_confirmed(rows):
        call_confirmation_hooks(ledger_id=ledger_id)
    if any(row.is_awaiting_model for row in rows):
        RESOLVE_PENDING.queue(ledger_id)


def leave_transfers(
    edits: Sequence[tuple[Transaction, Mapping[str, Any]]], *, author: Author
) -> list[Mapping[str, Any]]:
    """Take pairs apart where the author's changes make a row another movement. Return the changes left to apply.

    The rows come `with_related()`, and are changed in memory, too. The number of queries grows with hundreds of pairs.
    """
    pair_ids = [row.transfer_id for row, _ in edits]
    if not any(pair_ids):
        return [changes for _, changes in edits]
    pairs = Transfer.objects.with_rows().in_bulk({pk for pk in pair_ids if pk is not None})
    broken = {
        row.transfer_id: pairs[row.transfer_id]
        for row, changes in edits
        if row.transfer_id in pairs and breaks_pair(pairs[row.transfer_id], row, changes)
    }
    remove_pairs(broken.values(), author=Author(SOURCE, author.user, author.run), known=[row for row, _ in edits])
    left: list[Mapping[str, Any]] = []
    for pair_id, (_, changes) in zip(pair_ids, edits, strict=True):
        keeps_kind = pair_id not in broken or not {"category", "is_kind_stated"}.isdisjoint(changes)
        left.append(changes if keeps_kind else {name: changes[name] for name in changes if name != "kind"})
    return left


def restamp_transfers(rows: Iterable[Transaction], changes: Iterable[str], *, version: int) -> None:
    """Give every pair of the rows, rejected ones too, a new version if it shows a changed field."""
    ids = [row.pk for row in rows]
    if ids and not SHOWN_IN_TRANSFER.isdisjoint(changes):
        Transfer.objects.of(ids).update(version=version)


def breaks_pair(pair: Transfer, row: Transaction, changes: Mapping[str, Any]) -> bool:
    """Return True if changes of one half, field → value, make it another movement than the pair's."""
    if any(name in changes and changes[name] != getattr(row, name) for name in DEFINING):
        return True
    other = pair.incoming if pair.outgoing_id == row.pk else pair.outgoing
    day = changes.get("date", row.date)
    return bool(day != row.date and abs((day - other.date).days) > DAYS_UNDER_WAY)


def _pair(fresh: Sequence[Half], *, ledger_id: int, author: Author, known: Sequence[Transaction]) -> int:
    """Pair fresh rows with each other, and with rows that moved an equal amount the other way at about the time."""
    ids = {half.id for half in fresh}
    halves = {half.id: half for half in fresh}
    days, under_way = [half.date for half in fresh], dt.timedelta(days=DAYS_UNDER_WAY)
    rows = Transaction.objects.filter(ledger_id=ledger_id).pairable().order_by()
    rows = rows.between(min(days) - under_way, max(days) + under_way)
    rows = rows.filter(direction__in={"out" if half.direction == "in" else "in" for half in fresh})
    amounts = iter(sorted({half.amount for half in fresh}))
    while part := list(islice(amounts, AMOUNTS_OF_A_QUERY)):
        others = [Half(*values) for values in rows.filter(amount__in=part).values_list(*HALF_FIELDS)]
        halves |= {half.id: half for half in others}
    if not match_halves(halves.values(), fresh=ids):
        return 0
    rejected = Transfer.objects.filter(ledger_id=ledger_id, status=TransferStatus.REJECTED).order_by()
    remembered = set(rejected.values_list("outgoing_id", "incoming_id"))
    pairs = match_halves(halves.values(), fresh=ids, rejected=remembered)
    return len(join_rows(pairs, ledger_id=ledger_id, author=author, known=known))


def _categorize_half(row: Transaction, category: Category, author: Author) -> None:
    """Give the row the category of transfers, unless it has one of that kind: it may be a finer one of the user's."""
    row.kind = "transfer"
    if row.category is not None and row.category.kind == "transfer":
        row.review_status = CategorizationStatus.CONFIRMED if author.touches else row.review_status
        return
    review = row.review
    apply_choice(row, category)
    if not author.touches:  # no user has looked at it
        row.review, row.review_status, row.category_source = review, CategorizationStatus.AUTOMATIC, SOURCE


def _load(ids: Sequence[int], in_memory: dict[int, Transaction]) -> dict[int, Transaction]:
    """Return rows by id: the objects in memory where there are such, the others from the database."""
    found = Transaction.everything.filter(pk__in=[pk for pk in ids if pk not in in_memory]).with_related()
    rows = {row.pk: row for row in found}
    return {pk: in_memory.get(pk) or rows[pk] for pk in ids}
