"""The confirmed rows of a ledger as questions with the right answers, for learning and measuring."""

from datetime import date

from django.db.models import Count, Max

from expenses.categorization import comparison
from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import TRAINING_COLUMNS, training_question
from expenses.models import KindMapping, Transaction
from expenses.querysets import TransactionQuerySet
from providers import normalization
from providers.interface import NO_TRUST, LabeledQuestion, Trust
from providers.learning import weights

#: The version of the reading of texts and features, and of the comparison; after a change, everything is learned anew.
READING = f"{normalization.VERSION}.{weights.FORMAT}.{comparison.VERSION}"


def read_confirmed(
    *,
    catalog: Catalog,
    start: date | None = None,
    end: date | None = None,
    most: int | None = None,
    trust: Trust = NO_TRUST,
) -> list[LabeledQuestion]:
    """Return the confirmed rows of the days `start` to `end`, oldest first; the latest `most` of them. One query."""
    rows = _rows(catalog.ledger_id, start, end).order_by("-date", "-id")
    found = rows.values_list(*TRAINING_COLUMNS, "category_id", named=True)[:most]
    return [
        LabeledQuestion(training_question(row, catalog=catalog, trust=trust), row.category_id)
        for row in reversed(found)
    ]


def stamp_of_confirmed(ledger_id: int) -> str:
    """Return a stamp that changes with the confirmed rows, the kinds of shops, and the version of the reading."""
    rows = _rows(ledger_id).order_by().aggregate(n=Count("id"), newest=Max("version"))
    kinds = KindMapping.objects.filter(ledger_id=ledger_id).aggregate(n=Count("id"), newest=Max("version"))
    return f"{READING}-{rows['n']}-{rows['newest'] or 0}-{kinds['n']}-{kinds['newest'] or 0}"


def has_unlearned(learned_from: str, *, ledger_id: int) -> bool:
    """Return True if a worker has yet to learn what was confirmed, or taken back, since the stamp `learned_from`."""
    if not learned_from:
        return _rows(ledger_id).exists()
    return stamp_of_confirmed(ledger_id) != learned_from


def count_confirmed(*, ledger_id: int, start: date | None = None, end: date | None = None) -> int:
    """Return the number of confirmed rows of these days."""
    return _rows(ledger_id, start, end).count()


def count_confirmed_since(version: int, *, ledger_id: int) -> int:
    """Return the number of confirmed rows that were recorded, confirmed or edited after a version of the ledger."""
    return _rows(ledger_id).filter(version__gt=version).count()


def _rows(ledger_id: int | None, start: date | None = None, end: date | None = None) -> TransactionQuerySet:
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id, is_split=False).confirmed()
    rows = rows.filter(date__gte=start) if start else rows
    return rows.filter(date__lte=end) if end else rows
