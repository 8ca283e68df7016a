"""Rows of an export: transactions as plain values, read part by part in the order of a list."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import BigIntegerField, CharField, ExpressionWrapper, F, QuerySet

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import Unindexed
from expenses.ledger.money import SCALE, format_amount
from expenses.models import Account, Tag, Transaction
from expenses.querysets import rows_beyond
from statements.export.columns import TAG_SEPARATOR, ExportRow

#: Rows that are read at a time. No cursor stays open while a slow client reads.
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class ExportNames:
    """Accounts, categories and tags of a ledger by their ids, loaded once for an export."""

    accounts: Mapping[int, Account]
    catalog: Catalog
    tags: Mapping[int, str]

    @classmethod
    def load_for(cls, user: User) -> "ExportNames":
        """Load them for the ledger that the user works in. Three queries."""
        accounts = {account.pk: account for account in Account.objects.for_user(user)}
        tags = dict(Tag.objects.for_user(user).values_list("pk", "name"))
        return cls(accounts, Catalog.load_for(user), tags)


def chunks(
    rows: QuerySet[Any], *, read: Callable[[QuerySet[Any]], list[Any]], place: Callable[[Any, str], Any]
) -> Iterator[list[Any]]:
    """Yield what `read` makes of each stretch of the rows, in their order, which must end with the id.

    `place` returns the value of a column of the order from what was read last.
    """
    order = [str(name) for name in rows.query.order_by]
    part = read(rows[:CHUNK])
    while part:
        yield part
        if len(part) < CHUNK:
            return
        values = [place(part[-1], name.lstrip("-")) for name in order]
        part = read(rows.filter(rows_beyond(order, values))[:CHUNK])


def read_rows(rows: QuerySet[Any], names: ExportNames) -> Iterator[list[ExportRow]]:
    """Yield the rows of a filtered and ordered list, a few thousand at a time.

    Each stretch takes one query, one more for tags, and one more for transfers where it has some.
    """
    columns = [
        "pk", "day", "kind", "direction", "minor", "currency", "account_id", "category_id", "merchant", "description",
        "raw_description", "notes", "payment_method", "iban", "mcc", "external_id", "transfer_id", "parent_id",
        "review", "excluded",
    ]  # fmt: skip
    besides = [name for name in (str(one).lstrip("-") for one in rows.query.order_by) if name not in ("id", "date")]
    # The stored values, without a conversion of each: most days and amounts of a chunk are equal. SQLite's driver would
    # make a date of a plain column.
    plain = rows.annotate(
        day=ExpressionWrapper(Unindexed("date"), CharField()),
        minor=ExpressionWrapper(F("amount"), BigIntegerField()),
        excluded=ExpressionWrapper(F("is_excluded_from_budget"), BigIntegerField()),
    )
    places = {"id": 0, "date": 1} | {name: len(columns) + nth for nth, name in enumerate(besides)}
    read = plain.values_list(*columns, *besides)
    for part in chunks(read, read=list, place=lambda values, name: values[places[name]]):
        yield _as_export_rows(part, names)


def _as_export_rows(part: Sequence[tuple[Any, ...]], names: ExportNames) -> list[ExportRow]:
    tags = _tags_of([values[0] for values in part], names)
    others = _other_accounts({values[16]: values[0] for values in part if values[16] is not None}, names)
    account_names = {pk: account.name for pk, account in names.accounts.items()}
    categories = {
        pk: (one.display_name, names.catalog.name(one.parent_id)) for pk, one in names.catalog.categories.items()
    }
    found = []
    for (
        pk, day, kind, direction, minor, currency, account, category, merchant, description, raw_description, notes,
        payment_method, iban, mcc, external_id, transfer, whole, review, is_excluded, *_,
    ) in part:  # fmt: skip
        category_name, parent_name = categories.get(category, ("", ""))
        found.append(
            ExportRow(
                pk,
                day if type(day) is str else str(day),
                kind,
                signed_text(minor if direction == "in" else -minor, currency),
                currency,
                account_names.get(account, ""),
                category_name,
                parent_name,
                merchant,
                description,
                raw_description,
                notes,
                tags.get(pk, ""),
                payment_method or "",
                iban,
                mcc,
                external_id or "",
                transfer,
                others.get((transfer, pk), "") if transfer is not None else "",
                whole,
                review or "",
                bool(is_excluded),
                account,
                category,
            )
        )
    return found


@lru_cache(maxsize=1 << 14)
def signed_text(minor: int, currency: str) -> str:
    """Return an amount in ten-thousandths as the decimal string of the API, with a sign where it is negative."""
    return format_amount(Decimal(minor).scaleb(-SCALE), currency)


def _tags_of(ids: Sequence[int], names: ExportNames) -> dict[int, str]:
    """Return the names of each row's tags, sorted and joined by semicolons."""
    if not names.tags:
        return {}
    found: dict[int, list[str]] = {}
    through = Transaction.tags.through.objects
    for row, tag in through.filter(transaction__in=ids).values_list("transaction_id", "tag_id"):
        found.setdefault(row, []).append(names.tags.get(tag, ""))
    return {row: TAG_SEPARATOR.join(sorted(tags)) for row, tags in found.items()}


def _other_accounts(ids: Mapping[int, int], names: ExportNames) -> dict[tuple[int, int], str]:
    """Return the name of the account on the other side, by the id of the transfer and that of the row."""
    if not ids:
        return {}
    halves: dict[int, list[tuple[int, int | None]]] = {}
    rows = Transaction.objects.filter(transfer__in=list(ids)).values_list("transfer_id", "pk", "account_id")
    for transfer, pk, account in rows:
        halves.setdefault(transfer, []).append((pk, account))
    return {
        (transfer, pk): names.accounts[other].name
        for transfer, both in halves.items()
        for pk, _ in both
        for other_pk, other in both
        if other_pk != pk and other is not None
    }


def flat(parts: Iterable[Sequence[ExportRow]]) -> Iterator[ExportRow]:
    """Yield the rows of all chunks."""
    for part in parts:
        yield from part
