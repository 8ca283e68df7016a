"""The confirmed rows of a ledger as the questions that they were, with the answers that their owner gave."""

from datetime import date

from django.db.models import Count, Max

from expenses.categorization.catalog import Catalog
from expenses.models import KindMapping, Transaction
from expenses.querysets import TransactionQuerySet
from providers import normalization
from providers.interface import NO_TRUST, LabeledQuestion, Question, Trust, matching_text
from providers.learning import weights
from providers.normalization import normalize

#: How texts and features are read: with another, everything is to be learned anew.
READING = f"{normalization.VERSION}.{weights.FORMAT}"


def read_confirmed(
    *,
    catalog: Catalog,
    start: date | None = None,
    end: date | None = None,
    most: int | None = None,
    trust: Trust = NO_TRUST,
) -> list[LabeledQuestion]:
    """Those of the days `start` to `end`, oldest first; of more than `most` the latest. One query.

    What a statement or a person wrote of them is asked, not what links have written since.
    """
    rows = _rows(catalog.ledger_id, start, end)
    found = rows.order_by("-date", "-id").values_list(
        "raw_description", "merchant", "match_text", "direction", "amount", "currency", "date", "account_id",
        "account__country", "category_id", named=True,
    )[:most]  # fmt: skip
    return [
        LabeledQuestion(
            Question(
                description=row.raw_description,
                categories=catalog.offered(row.direction, None),
                owner=catalog.ledger_id or 0,
                direction=row.direction,
                merchant=stated_merchant(row.merchant, row.raw_description, row.match_text),
                amount=row.amount,
                currency=row.currency,
                date=row.date,
                account=row.account_id,
                country=row.account__country or "",
                kinds=catalog.kinds,
                trust=trust,
            ),
            row.category_id,
        )
        for row in reversed(found)
    ]


def stated_merchant(merchant: str, description: str, match_text: str) -> str:
    """The merchant, unless a link has written it: then it is no part of the text that the row is matched by."""
    is_stated = bool(merchant) and normalize(matching_text(merchant, description))[: len(match_text)] == match_text
    return merchant if is_stated else ""


def stamp_of_confirmed(ledger_id: int) -> str:
    """Equal as long as no confirmed row or kind of shop was added, changed or removed, and texts are read as before."""
    rows = _rows(ledger_id).order_by().aggregate(n=Count("id"), newest=Max("version"))
    kinds = KindMapping.objects.filter(ledger_id=ledger_id).aggregate(n=Count("id"), newest=Max("version"))
    return f"{READING}-{rows['n']}-{rows['newest'] or 0}-{kinds['n']}-{kinds['newest'] or 0}"


def count_confirmed(*, ledger_id: int, start: date | None = None, end: date | None = None) -> int:
    """How many there are of these days."""
    return _rows(ledger_id, start, end).count()


def _rows(ledger_id: int | None, start: date | None = None, end: date | None = None) -> TransactionQuerySet:
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id, is_split=False).confirmed()
    rows = rows.filter(date__gte=start) if start else rows
    return rows.filter(date__lte=end) if end else rows
