"""Pending rows of statements, and the bookings that they become."""

from collections.abc import Mapping, Sequence

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.categorization.questions import ask_chain, categorization_of, make_decision
from expenses.models import Account, CategorizationStatus, Run, StatementTrace, TraceKind, Transaction
from expenses.models.transactions import TransactionDraft
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import ledger_write
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.pairs import restamp_transfers
from expenses.services.row_category import apply_categorization
from expenses.services.runs import advance
from expenses.services.split_parts import pass_on
from providers.interface import matching_text
from providers.merchants.provider import known_name
from providers.normalization import normalize


def note_pending(run: Run, account: Account, drafts: Sequence[TransactionDraft]) -> None:
    """Remember which rows of the run in the account the bank called pending. The caller holds the lock."""
    pending = {draft.fingerprint: draft for draft in drafts if draft.is_pending}
    if not pending:
        return
    rows = Transaction.objects.filter(run=run, account=account, fingerprint__in=pending).order_by()
    StatementTrace.objects.bulk_create(
        [
            StatementTrace(
                ledger_id=run.ledger_id,
                transaction_id=pk,
                account=account,
                fingerprint=fingerprint,
                date=pending[fingerprint].date,
                kind=TraceKind.PENDING,
                run=run,
                origin=run,
            )
            for pk, fingerprint in rows.values_list("pk", "fingerprint")
        ],
        ignore_conflicts=True,
    )


def book_pending(run: Run, drafts: Mapping[int, TransactionDraft], *, catalog: Catalog) -> list[TransactionDraft]:
    """Let pending rows, by id, become the bookings of a statement, as part of the run.

    Day and text are the booking's from then on. What a user wrote stays; a row without a category is asked about again.
    Return the bookings whose row was deleted or booked meanwhile, to be recorded as rows of their own. Raises
    ClaimLost, having written nothing, when the run is not this worker's any more.
    """
    verdicts = dict(zip(drafts, ask_chain(list(drafts.values()), catalog=catalog, trigger="import"), strict=True))
    author = Author(run.kind, run.user, run, touches=True)
    with ledger_write(run.ledger_id) as version:
        booked = StatementTrace.objects.filter(transaction__in=drafts, kind=TraceKind.BOOKED).values("transaction")
        found = Transaction.objects.filter(ledger_id=run.ledger_id, pk__in=drafts).exclude(pk__in=booked)
        rows = list(found.with_related().order_by("pk"))
        advance(run, n_rows=len(rows), n_lasting=len(rows))
        with editing(rows, version=version, author=author):
            for row in rows:
                _take_text(row, drafts[row.pk])
                is_open = row.category is None and row.category_source != "user"
                if is_open and not row.is_split and row.transfer_id is None:
                    verdict = verdicts[row.pk]
                    row.decision = make_decision(verdict, ledger_id=run.ledger_id, catalog=catalog)
                    row.decision.save()
                    apply_categorization(row, categorization_of(verdict), catalog=catalog)
        restamp_transfers(rows, ["date"], version=version)
        pass_on([row for row in rows if row.is_split], version=version, author=author)
        StatementTrace.objects.bulk_create(
            [
                StatementTrace(
                    ledger_id=run.ledger_id,
                    transaction=row,
                    account=drafts[row.pk].account,
                    fingerprint=drafts[row.pk].fingerprint or "",
                    date=drafts[row.pk].date,
                    kind=TraceKind.BOOKED,
                    run=run,
                    origin=run,
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )
        if any(row.review_status == CategorizationStatus.PENDING for row in rows):
            RESOLVE_PENDING.queue(run.ledger_id)
        there = {row.pk for row in rows}
    return [draft for pk, draft in drafts.items() if pk not in there]


def _take_text(row: Transaction, draft: TransactionDraft) -> None:
    """Write day and text of the booking into the pending row. A text that a user or a rule wrote stays."""
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    country = draft.account.country.lower() if draft.account else ""
    if row.description == row.raw_description and "description" not in row.held:
        row.description = draft.description
    if "merchant" not in row.held:
        row.merchant = draft.merchant or known_name(text, draft.direction, country) or row.merchant
    row.date, row.raw_description = draft.date, draft.description
    row.match_text, row.match_prefix = text, text[:PREFIX_LENGTH]
    row.iban, row.mcc = draft.iban or row.iban, draft.mcc or row.mcc


def forget_bookings(run: Run) -> None:
    """Let rows that the run booked be pending again, after its revert."""
    StatementTrace.objects.filter(run=run, kind=TraceKind.BOOKED).delete()
