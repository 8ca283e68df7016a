"""Writes of transfers."""

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import CategorizationStatus, Transaction, Transfer, TransferStatus
from expenses.models.ledgers import ledger_id_of
from expenses.models.transactions import TransactionDraft
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import Refusal, ledger_write
from expenses.services.pairs import SOURCE, join_halves, join_rows, part_rows, remove_pairs
from expenses.services.transactions import record_transactions


def record_transfer(*, by: User, outgoing: TransactionDraft, incoming: TransactionDraft, catalog: Catalog) -> Transfer:
    """Record both halves of a movement at once."""
    with ledger_write(ledger_id_of(by)):
        drafts = [outgoing, incoming]
        recorded = record_transactions(by=by, drafts=drafts, catalog=catalog, pairs=False)
        return _join([one.transaction for one in recorded], by=by)


def pair_transactions(*, by: User, outgoing: Transaction, incoming: Transaction) -> Transfer:
    """Say that two transactions are one movement, also if that was rejected before.

    Raises Refusal where one is split, a part, or paired already.
    """
    with ledger_write(ledger_id_of(by)):
        rows: list[Transaction] = [
            Transaction.objects.for_user(by).with_related().get(pk=row.pk) for row in (outgoing, incoming)
        ]
        for row in rows:
            _check_free(row)
        rejected = Transfer.objects.for_user(by).filter(outgoing=outgoing, incoming=incoming)
        remove_pairs(rejected, author=Author(SOURCE, by))
        return _join(rows, by=by)


def confirm_transfer(*, by: User, transfer: Transfer) -> Transfer:
    """Say that a pair that was found is right. Raises Refusal when it was rejected, or cannot stand any more."""
    with ledger_write(ledger_id_of(by)) as version:
        pair = _pair(by, transfer)
        if pair.status == TransferStatus.SUGGESTED:
            return _accept(pair, by=by, version=version)
        if pair.status == TransferStatus.REJECTED:
            raise Refusal("This transfer was rejected; pair the two again by POST transfers/.", code="rejected")
        rows = list(Transaction.objects.for_user(by).with_related().filter(transfer=pair))
        with editing(rows, version=version, author=Author.answering(by)):
            for row in rows:
                row.review_status = CategorizationStatus.CONFIRMED
        return _set_status(pair, TransferStatus.CONFIRMED, version)


def reject_transfer(*, by: User, transfer: Transfer) -> Transfer:
    """Say that the two are no transfer: both stand as before, and are never paired by a machine again."""
    with ledger_write(ledger_id_of(by)) as version:
        pair = _pair(by, transfer)
        if pair.status == TransferStatus.REJECTED:
            raise Refusal("This transfer is rejected already.", code="rejected")
        part_rows([pair], version=version, author=Author(SOURCE, by))
        _set_status(pair, TransferStatus.REJECTED, version)
        return _pair(by, transfer)


def delete_transfer(*, by: User, transfer: Transfer) -> None:
    """Take a pair apart, or a rejection back, and forget it; the transactions stay."""
    with ledger_write(ledger_id_of(by)):
        remove_pairs([_pair(by, transfer)], author=Author(SOURCE, by))


def _join(rows: list[Transaction], *, by: User) -> Transfer:
    outgoing, incoming = rows
    pairs = [(outgoing.pk, incoming.pk)]
    return join_rows(pairs, ledger_id=outgoing.ledger_id, author=Author.answering(by), known=rows)[0]


def _accept(pair: Transfer, *, by: User, version: int) -> Transfer:
    """Let the rows of a suggestion be halves of a transfer. Raises Refusal if they changed meanwhile."""
    ids = [pair.outgoing_id, pair.incoming_id]
    rows = Transaction.objects.for_user(by).with_related().in_bulk(ids)
    if len(rows) < len(ids):
        detail = "One of the two transactions was deleted meanwhile; restore it first, or reject the suggestion."
        raise Refusal(detail, code="gone")
    for row in rows.values():
        _check_free(row)
    pair.outgoing, pair.incoming = rows[pair.outgoing_id], rows[pair.incoming_id]
    accounts = {row.account_id for row in rows.values()}
    directions = (pair.outgoing.direction, pair.incoming.direction)
    if None in accounts or len(accounts) < len(ids) or directions != ("out", "in"):
        detail = "One of the two was changed meanwhile, so they are no transfer between two accounts; reject it."
        raise Refusal(detail, code="changed")
    join_halves([pair], version=version, author=Author.answering(by))
    return _set_status(pair, TransferStatus.CONFIRMED, version)


def _check_free(row: Transaction) -> None:
    """Raise Refusal if the row cannot be half of a transfer."""
    if row.is_split:
        raise Refusal(f"Transaction {row.pk} is split; take the split back first.", code="split")
    if row.parent_id is not None:
        detail = f"Transaction {row.pk} is a part of another one; only the whole can be paired."
        raise Refusal(detail, code="part")
    if row.transfer_id is not None:
        detail = f"Transaction {row.pk} is half of transfer {row.transfer_id} already."
        raise Refusal(detail, code="paired")


def _pair(by: User, transfer: Transfer) -> Transfer:
    pair: Transfer = Transfer.objects.for_user(by).with_rows().get(pk=transfer.pk)
    return pair


def _set_status(pair: Transfer, status: TransferStatus, version: int) -> Transfer:
    pair.status, pair.version = status, version
    pair.save(update_fields=["status", "version"])
    return pair
