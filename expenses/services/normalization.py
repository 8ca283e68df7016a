"""A new normalization of stored texts, after an upgrade that normalizes differently."""

from django.db import transaction

from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.models import Transaction
from expenses.models.ledgers import Ledger
from expenses.services.ledger_lock import lock_ledger, make_room
from providers import normalization
from providers.interface import matching_text

BATCH = 1000
_COLUMNS = ("id", "raw_description", "merchant", "match_text", "match_prefix")


def normalize_texts() -> int:
    """Bring every ledger to the present normalization, a thousand rows at a time. Return how many rows changed.

    Safe to repeat, and to break off: a ledger is marked when its last row is done.
    """
    stale = Ledger.objects.exclude(normalization=normalization.VERSION).order_by("pk").values_list("pk", flat=True)
    n_changed = 0
    for ledger_id in list(stale):
        ids, n = _reread_batch(ledger_id, after=0)
        while ids:
            n_changed += n
            make_room()
            ids, n = _reread_batch(ledger_id, after=ids[-1])
        Ledger.objects.filter(pk=ledger_id).update(normalization=normalization.VERSION)
    return n_changed


@transaction.atomic
def _reread_batch(ledger_id: int, *, after: int) -> tuple[list[int], int]:
    """Return the ids of the batch, and how many of its rows changed. Clients see no change, so no version rises."""
    lock_ledger(ledger_id)
    rows = list(Transaction.everything.filter(ledger_id=ledger_id, pk__gt=after).order_by("pk").only(*_COLUMNS)[:BATCH])
    changed = [row for row in rows if _reread(row)]
    Transaction.everything.bulk_update(changed, ["match_text", "match_prefix"])
    return [row.pk for row in rows], len(changed)


def _reread(row: Transaction) -> bool:
    """Normalize a row's text anew. Return True if it has changed."""
    texts = (row.raw_description, matching_text(row.merchant, row.raw_description))
    if any(_read(text) == row.match_text for text in texts):
        return False
    source = next((text for text in texts if _may_be_read_from(text, row.match_text)), None)
    if source is None and _is_cut(row.match_text):
        return False  # half a word reads otherwise than the whole
    text = _read(row.match_text if source is None else source)
    if text == row.match_text:
        return False
    row.match_text, row.match_prefix = text, text[:PREFIX_LENGTH]
    return True


def _read(text: str) -> str:
    return normalization.normalize(text)[:TEXT_LENGTH]


def _may_be_read_from(text: str, stored: str) -> bool:
    """Return True if the stored words come in the text one after another.

    The merchant may have been edited since; then only the stored words are left.
    """
    words = stored.split()
    rest = iter(normalization.plain_words(text))
    return all(word in rest for word in (words[:-1] if _is_cut(stored) else words))


def _is_cut(stored: str) -> bool:
    return len(stored) >= TEXT_LENGTH
