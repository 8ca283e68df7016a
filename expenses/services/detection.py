"""Finds transfers among what was just recorded."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import islice

from django.db.models import Exists, OuterRef

from expenses.ledger.transfer_matching import DAYS_UNDER_WAY, Half, match_halves
from expenses.models import Run, Transaction, Transfer, TransferStatus
from expenses.services.editing import Author
from expenses.services.ledger_lock import ledger_write
from expenses.services.pairs import SOURCE, join_rows

UNDER_WAY = dt.timedelta(days=DAYS_UNDER_WAY)
AMOUNTS_OF_A_QUERY = 1000
OPPOSITE = {"in": "out", "out": "in"}
FIELDS = ("pk", "account_id", "direction", "amount", "currency", "date")


def pair_recorded(rows: Sequence[Transaction], *, ledger_id: int) -> None:
    """Pair new rows with each other and with older ones. One query where nothing is found; the caller has the lock."""
    fresh = [row for row in rows if row.is_pairable]
    if fresh:
        _pair([Half(*(getattr(row, name) for name in FIELDS)) for row in fresh], ledger_id, Author(SOURCE), fresh)


def pair_run(run: Run) -> int:
    """Pair what a run recorded, as part of the run. Returns how many pairs; repeating it adds none."""
    with ledger_write(run.ledger_id):
        rows = Transaction.objects.all().pairable()
        other = rows.filter(ledger=OuterRef("ledger"), amount=OuterRef("amount"), currency=OuterRef("currency"))
        other = other.exclude(account=OuterRef("account")).exclude(direction=OuterRef("direction")).order_by()
        likely = rows.filter(run=run).filter(Exists(other)).order_by()
        fresh = [Half(*values) for values in likely.values_list(*FIELDS)]
        return _pair(fresh, run.ledger_id, Author(SOURCE, run=run), ()) if fresh else 0


def _pair(fresh: Sequence[Half], ledger_id: int, author: Author, known: Sequence[Transaction]) -> int:
    ids = {half.id for half in fresh}
    halves = {half.id: half for half in (*fresh, *_other_halves(fresh, ledger_id))}.values()
    if not match_halves(halves, fresh=ids):
        return 0
    rejected = Transfer.objects.filter(ledger_id=ledger_id, status=TransferStatus.REJECTED).order_by()
    remembered = set(rejected.values_list("outgoing_id", "incoming_id"))
    pairs = match_halves(halves, fresh=ids, rejected=remembered)
    return len(join_rows(pairs, ledger_id=ledger_id, author=author, known=known))


def _other_halves(fresh: Sequence[Half], ledger_id: int) -> Iterator[Half]:
    """Whatever moved one of the amounts the other way at about the time."""
    days = [half.date for half in fresh]
    rows = Transaction.objects.filter(ledger_id=ledger_id).pairable().order_by()
    rows = rows.between(min(days) - UNDER_WAY, max(days) + UNDER_WAY)
    rows = rows.filter(direction__in={OPPOSITE[half.direction] for half in fresh})
    for amounts in _parts({half.amount for half in fresh}):
        for values in rows.filter(amount__in=amounts).values_list(*FIELDS):
            yield Half(*values)


def _parts(amounts: Collection[Decimal]) -> Iterator[list[Decimal]]:
    rest = iter(sorted(amounts))
    while part := list(islice(rest, AMOUNTS_OF_A_QUERY)):
        yield part
