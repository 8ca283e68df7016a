"""Search for rows that may have been recorded twice, and offers of what is found. Nothing is merged here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any

from django.db.models import Exists, OuterRef

from expenses.ledger.duplicate_matching import DAYS_APART, DAYS_PENDING, ComparedRow, Match, match_duplicates
from expenses.ledger.fingerprints import row_key
from expenses.models import Duplicate, DuplicateStatus, Run, StatementTrace, TraceKind, Transaction
from expenses.models.transactions import TransactionDraft
from expenses.services.ledger_lock import ledger_write, write_nothing
from providers.interface import matching_text
from providers.normalization import normalize

MOVEMENT_FIELDS = (
    "pk", "account_id", "direction", "amount", "currency", "date", "match_text", "category_id", "fingerprint",
)  # fmt: skip
#: With more amounts than that, all older rows of the period are read instead of those with these amounts.
AMOUNTS_OF_A_QUERY = 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the rows of one file may have been recorded before: accounts and a period, both days included.

    Rows of the runs `left_out` are no candidates: their statements have the form of the file and were read alike, so
    that equal rows were recognized. `still_pending` are ids of pending rows that the file has, too.
    """

    ledger_id: int
    accounts: Collection[int]
    start: date
    end: date
    left_out: Collection[int]
    still_pending: Collection[int] = ()

    def has_older_rows(self) -> bool:
        """Return True if there may be duplicates. It takes at most three queries."""
        return any(part.exists() for part in self._older_rows()) or bool(self.pending_rows())

    def older_rows(self, amounts: Collection[Any]) -> list[ComparedRow]:
        """Return rows of these amounts, by hand or of statements of another form, and all pending ones."""
        parts = self._older_rows()
        if len(amounts) <= AMOUNTS_OF_A_QUERY:
            parts = [part.filter(amount__in=amounts) for part in parts]
        values = chain.from_iterable(part.values_list(*MOVEMENT_FIELDS).iterator() for part in parts)
        pending = self.pending_rows()
        known = {row.id for row in pending}
        found = [_compared(one) for one in values if one[3] in amounts and one[0] not in known]
        return sorted(found + pending, key=lambda row: row.id)

    def pending_rows(self) -> list[ComparedRow]:
        """Return rows that statements called pending, that none has booked, and that the file does not have."""
        booked = StatementTrace.objects.filter(transaction=OuterRef("transaction"), kind=TraceKind.BOOKED)
        traces = StatementTrace.objects.filter(~Exists(booked), kind=TraceKind.PENDING, account__in=self.accounts)
        rows = Transaction.objects.filter(pk__in=traces.values("transaction")).order_by("pk")
        near = rows.between(self.start - timedelta(days=DAYS_PENDING), self.end + timedelta(days=1))
        near = near.exclude(pk__in=self.still_pending)
        return [_compared(values, is_pending=True) for values in near.values_list(*MOVEMENT_FIELDS)]

    def _older_rows(self) -> list[Any]:
        """Return queries of the accounts' rows in the period, and of rows by hand without an account."""
        rows = Transaction.objects.filter(ledger_id=self.ledger_id, parent=None).order_by()
        around = timedelta(days=DAYS_APART)
        near = rows.between(self.start - around, self.end + around)
        alike = StatementTrace.objects.filter(transaction=OuterRef("pk"), origin__in=self.left_out)
        placed = near.filter(account__in=self.accounts).exclude(run__in=self.left_out).exclude(Exists(alike))
        return [placed, near.filter(account=None, fingerprint=None)]


def find_possible_duplicates(fresh: Sequence[ComparedRow], around: Surroundings) -> list[Match]:
    """Pair rows of one file with rows that were there before, each at most once."""
    candidates = around.older_rows({row.amount for row in fresh}) if fresh else []
    if not candidates:
        return []
    # Rows that are offered stay with their partners. What a user dismissed or merged is not offered again.
    offers = Duplicate.objects.filter(ledger_id=around.ledger_id).order_by()
    settled = set(offers.exclude(status=DuplicateStatus.OPEN).values_list("older", "newer"))
    busy = {pk for pair in offers.filter(status=DuplicateStatus.OPEN).values_list("older", "newer") for pk in pair}
    return match_duplicates(
        [row for row in fresh if row.id not in busy],
        [row for row in candidates if row.id not in busy],
        settled=settled,
    )


def offer_duplicates(run: Run, around: Surroundings) -> None:
    """Offer the rows that a run recorded and that may have been there before, unless they are offered already."""
    if not around.has_older_rows():
        return
    with ledger_write(run.ledger_id) as version:
        rows = Transaction.objects.filter(run=run, parent=None).order_by("pk")
        pending = set(StatementTrace.objects.filter(run=run).values_list("transaction", flat=True))
        values = rows.values_list(*MOVEMENT_FIELDS).iterator()
        matches = find_possible_duplicates([_compared(v, is_pending=v[0] in pending) for v in values], around)
        if not matches:
            write_nothing()
            return
        Duplicate.objects.bulk_create(
            [
                Duplicate(
                    ledger_id=run.ledger_id,
                    older_id=match.older,
                    newer_id=match.newer,
                    reasons=list(match.reasons),
                    likeness=match.likeness,
                    version=version,
                )
                for match in matches
            ],
            batch_size=500,
        )


def compared_row(draft: TransactionDraft, category: int | None = None) -> ComparedRow:
    """Return a row that is not recorded yet, with the category that it would get."""
    account = draft.account.pk if draft.account else None
    return ComparedRow(
        row_key(account, draft.fingerprint),
        account,
        draft.direction,
        draft.amount,
        draft.currency,
        draft.date,
        normalize(matching_text(draft.merchant, draft.description)),
        category,
        draft.fingerprint or "",
        draft.is_pending,
    )


def _compared(values: tuple[Any, ...], *, is_pending: bool = False) -> ComparedRow:
    pk, account, direction, amount, currency, day, text, category, fingerprint = values
    return ComparedRow(
        pk, account, direction, amount, currency, day, text, category, fingerprint or "", is_pending=is_pending
    )
