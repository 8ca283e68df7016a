"""Suggestions of transfers between accounts in two currencies. No row changes until a user confirms one."""

import datetime as dt
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q

from expenses.ledger.transfer_matching import DAYS_UNDER_WAY, Half, match_across_currencies
from expenses.models import Account, Run, Transaction, Transfer, TransferStatus
from expenses.rates.book import RateBook
from expenses.rates.conversion import MissingRate
from expenses.services.ledger_lock import ledger_write, write_nothing
from expenses.services.pairs import HALF_FIELDS


def suggest_transfers(run: Run, *, start: dt.date, end: dt.date) -> None:
    """Suggest transfers that rows of the run, dated within a period, may be half of.

    Rows that have a category of another kind are left out. It takes one query where all accounts have one currency, and
    two where the run has recorded nothing.
    """
    ledger_id = run.ledger_id
    currencies = Account.objects.filter(ledger_id=ledger_id).order_by().values_list("currency", flat=True).distinct()
    open_rows = Q(category=None) | Q(category__kind="transfer")
    rows = Transaction.objects.filter(open_rows, ledger_id=ledger_id).pairable().order_by()
    if len(currencies) < 2 or not rows.filter(run=run).exists():
        return
    with ledger_write(ledger_id) as version:
        fresh = {half.id: half for half in (Half(*values) for values in rows.filter(run=run).values_list(*HALF_FIELDS))}
        own = {half.currency for half in fresh.values()}
        under_way = timedelta(days=DAYS_UNDER_WAY)
        near = rows.between(start - under_way, end + under_way).exclude(run=run)
        near = near.exclude(currency__in=own) if len(own) == 1 else near
        halves = fresh | {half.id: half for half in (Half(*values) for values in near.values_list(*HALF_FIELDS))}
        settled = Transfer.objects.filter(ledger_id=ledger_id).exclude(status=TransferStatus.AUTOMATIC).order_by()
        pairs = set(settled.values_list("outgoing_id", "incoming_id"))
        offered = settled.filter(status=TransferStatus.SUGGESTED).values_list("outgoing_id", "incoming_id")
        busy = {pk for pair in offered for pk in pair}
        found = match_across_currencies(
            [half for half in halves.values() if half.id not in busy],
            fresh=fresh,
            rate=_Rates(ledger_id, {half.currency for half in halves.values()}, start - under_way, end + under_way),
            settled=pairs,
        )
        if not found:
            write_nothing()
            return
        suggested = {"ledger_id": ledger_id, "status": TransferStatus.SUGGESTED, "version": version}
        Transfer.objects.bulk_create(
            [Transfer(outgoing_id=out, incoming_id=into, **suggested) for out, into in found], batch_size=500
        )


class _Rates:
    """The rates of a period between some currencies, loaded when they are first asked for."""

    def __init__(self, ledger_id: int, currencies: set[str], start: dt.date, end: dt.date) -> None:
        self._ledger_id, self._currencies, self._start, self._end = ledger_id, currencies, start, end
        self._books: dict[str, RateBook] = {}

    def __call__(self, base: str, quote: str, day: dt.date) -> Decimal | None:
        if quote not in self._books:
            self._books[quote] = RateBook.load(
                ledger_id=self._ledger_id, currencies=self._currencies, to=quote, start=self._start, end=self._end
            )
        try:
            return self._books[quote].rate(base, day).value
        except MissingRate:
            return None
