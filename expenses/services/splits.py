"""Splits of transactions into parts that count instead of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.models.transactions import TransactionDraft
from expenses.services.deletion import bin_rows
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import Refusal, ledger_write
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.row_category import clear_category, rewind
from expenses.services.split_parts import check_sums, parts_of
from expenses.services.transactions import record_parts


@dataclass(frozen=True, slots=True)
class Split:
    """A transaction with its parts, in the order in which they were given."""

    parent: Transaction
    parts: list[Transaction]


def split_of(parent: Transaction) -> Split:
    """The split as it is; one that is not split has no parts."""
    return Split(parent, parts_of([parent]))


def split_transaction(
    *, by: User, transaction: Transaction, parts: Sequence[TransactionDraft], catalog: Catalog
) -> Split:
    """Make the parts count instead of the transaction, or instead of the parts that it had.

    Raises Refusal for parts and paired transactions, and UnequalParts.
    """
    ledger_id, author = ledger_id_of(by), Author.person(by)
    with ledger_write(ledger_id) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        if row.parent_id is not None:
            raise Refusal("This is a part; split the whole again with more parts.", code="part")
        if row.transfer_id is not None:
            raise Refusal("This is half of a transfer; reject or delete the transfer first.", code="paired")
        bin_rows(parts_of([row]), version=version, author=author)
        if has_confirmed([row]):
            call_confirmation_hooks(ledger_id=ledger_id)
        with editing([row], version=version, author=author):
            clear_category(row)
            row.is_split = True
        row.version = version  # other parts are another split, although the parent itself may look as before
        row.save(update_fields=["version", "updated_at"])
        made = record_parts(by=by, parent=row, drafts=parts, version=version, catalog=catalog)
        check_sums([row])
        return Split(row, made)


def unsplit_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Let the transaction count again, in the category that it had before. Raises Refusal when it is not split."""
    ledger_id, author = ledger_id_of(by), Author.person(by)
    with ledger_write(ledger_id) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        if not row.is_split:
            raise Refusal("This transaction is not split.", code="not_split")
        bin_rows(parts_of([row]), version=version, author=author)
        with editing([row], version=version, author=author):
            rewind([row], until=lambda fields: fields.get("is_split") == [False, True], catalog=Catalog.load(ledger_id))
            row.is_split = False
        if has_confirmed([row]):
            call_confirmation_hooks(ledger_id=ledger_id)
        if row.is_awaiting_model:
            RESOLVE_PENDING.queue(ledger_id)
        return row
