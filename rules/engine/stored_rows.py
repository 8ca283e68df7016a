"""Transactions as columns instead of objects, which takes a tenth of the time: a request reads 100,000 rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Max, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce

from accounts.models import User
from expenses.ledger.money import SCALE, format_amount
from expenses.models import Transaction
from expenses.querysets import TransactionQuerySet
from expenses.services.edits import edit_window_bound

FETCHED_AT_ONCE = 2000


class StoredRow(NamedTuple):
    """A row as the database stores it: the amount in ten-thousandths, `held` as JSON text, `tags` as ids in order."""

    id: int
    raw_description: str
    description: str
    merchant: str
    amount: int
    direction: str
    currency: str
    account: int | None
    category: int | None
    date: str
    payment_method: str
    notes: str
    iban: str
    mcc: str
    source: str
    kind: str
    is_kind_stated: bool
    suggested: int | None
    confidence: float | None
    status: str
    is_split: bool
    transfer: int | None
    held: str
    review: str | None
    is_excluded_from_budget: bool
    decision: int | None
    is_closed: bool
    tags: tuple[int, ...] = ()

    @property
    def money(self) -> Decimal:
        """The amount in units of the currency."""
        return Decimal(self.amount).scaleb(-SCALE)

    @property
    def formatted_amount(self) -> str:
        """The amount as bodies write it, with the decimals of its currency."""
        return format_amount(self.money, self.currency)

    @property
    def day(self) -> dt.date:
        """The day that `date` writes as YYYY-MM-DD."""
        return dt.date.fromisoformat(self.date)


#: Field → column, if the names differ.
COLUMN = {
    "account": "account_id",
    "category": "category_id",
    "source": "category_source",
    "suggested": "suggested_category_id",
    "confidence": "category_confidence",
    "status": "review_status",
    "transfer": "transfer_id",
    "decision": "decision_id",
    "payment_method": "payment_method_or_blank",
    "date": "date_as_text",
}
COLUMNS = [COLUMN.get(name, name) for name in StoredRow._fields if name != "tags"]


def read_stored_rows(rows: TransactionQuerySet, *, user: User | None, with_tags: bool) -> Iterator[StoredRow]:
    """Yield the rows in order, in one query and one more for tags. `user` is the one whose edit window counts."""
    tags: dict[int, tuple[int, ...]] = defaultdict(tuple)
    if with_tags:
        links = Transaction.tags.through.objects.filter(transaction__in=rows.order_by().values("pk"))
        for row, tag in links.order_by("tag_id").values_list("transaction_id", "tag_id"):
            tags[row] += (tag,)
    for values in _fetched(_annotated(rows, user).values_list(*COLUMNS)):
        yield StoredRow._make((*values, tags.get(values[0], ())))


#: An empty row.
BLANK = StoredRow(
    id=0, raw_description="", description="", merchant="", amount=0, direction="out", currency="", account=None,
    category=None, date="0001-01-01", payment_method="", notes="", iban="", mcc="", source="", kind="expense",
    is_kind_stated=False, suggested=None, confidence=None, status="none", is_split=False, transfer=None, held="[]",
    review=None, is_excluded_from_budget=False, decision=None, is_closed=False,
)  # fmt: skip


def read_distinct_rows(rows: TransactionQuerySet, *, fields: Sequence[str]) -> Iterator[tuple[StoredRow, int, int]]:
    """Yield one row for all with equal values of the fields, their number, and the id of the newest."""
    columns = [COLUMN.get(name, name) for name in fields]
    groups = _annotated(rows, None).order_by().values_list(*columns).annotate(n=Count("pk"), newest=Max("pk"))
    for *values, n, newest in _fetched(groups):
        yield BLANK._replace(**dict(zip(fields, values, strict=True))), n, newest


def _annotated(rows: TransactionQuerySet, user: User | None) -> TransactionQuerySet:
    bound = edit_window_bound(user) if user is not None else None
    is_closed: Any = Value(False)
    if bound is not None:
        rows = rows.annotate(recorded_at=Coalesce("parent__created_at", "created_at"))
        is_closed = ExpressionWrapper(Q(recorded_at__lt=bound), BooleanField())
    annotated: TransactionQuerySet = rows.annotate(
        is_closed=is_closed,
        payment_method_or_blank=Coalesce("payment_method", Value("")),
        date_as_text=Cast("date", TextField()),  # most days are never parsed
    )
    return annotated


def _fetched(rows: Any) -> Iterator[Sequence[Any]]:
    """Yield the values without Django's conversions, which take as long as the query."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # such as a filter on no ids
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        while part := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from part
