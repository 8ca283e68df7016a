"""Changes the same thing of very many transactions: journaled and stamped as `editing` does, but set by set."""

from collections.abc import Iterable
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from expenses.hooks import call_confirmation_hooks
from expenses.models import Category, Tag, Transaction
from expenses.services.editing import Author, write_down
from expenses.services.ledger_lock import in_versions
from expenses.services.user_fields import hold_of_tag

COLUMNS_OF_CATEGORIES = ("category", "suggested_category")


def move_category(*, ledger_id: int, category: Category, into: Category, author: Author) -> dict[str, int]:
    """Give all transactions of a category another one of its kind, those in the bin included.

    Who confirmed or answered it stays as it is. Returns how many rows had it as category, and how many as suggestion;
    those in the bin are not counted.
    """
    if Transaction.objects.filter(ledger_id=ledger_id, category=category).confirmed().exists():
        call_confirmation_hooks(ledger_id=ledger_id)
    return {column: _move(ledger_id, column, category, into, author) for column in COLUMNS_OF_CATEGORIES}


def _move(ledger_id: int, column: str, category: Category, into: Category, author: Author) -> int:
    rows = Transaction.everything.filter(ledger_id=ledger_id, **{column: category}).order_by("pk")
    n_live = rows.filter(deleted_at=None).count()
    fields = {column: [[category.pk, str(category)], [into.pk, str(into)]]}
    for ids, version in in_versions(rows.values_list("pk", flat=True), ledger_id=ledger_id):
        write_down(dict.fromkeys(ids, fields), ledger_id=ledger_id, version=version, author=author)
        _stamp(ids, version, **{column: into})
    return n_live


def move_tag(*, ledger_id: int, tag: Tag, into: Tag | None, author: Author) -> int:
    """Take a tag off all transactions, those in the bin included, and put another one on.

    Returns how many live ones it was on.
    """
    rows = Transaction.everything.filter(ledger_id=ledger_id, tags=tag).order_by("pk")
    n_live = rows.filter(deleted_at=None).count()
    through = Transaction.tags.through.objects
    for ids, version in in_versions(rows.values_list("pk", flat=True), ledger_id=ledger_id):
        before = _tag_names(ids)
        through.filter(tag=tag, transaction__in=ids).delete()
        if into is not None:
            links = [Transaction.tags.through(transaction_id=pk, tag_id=into.pk) for pk in ids]
            through.bulk_create(links, ignore_conflicts=True)
        after = _tag_names(ids)
        changes = {pk: {"tags": [before.get(pk, []), after.get(pk, [])]} for pk in ids}
        write_down(changes, ledger_id=ledger_id, version=version, author=author)
        _stamp(ids, version)
    if into is not None:
        _move_holds(ledger_id, tag, into)
    return n_live


def _move_holds(ledger_id: int, tag: Tag, into: Tag) -> None:
    """Who took the tag off a row does not want the other one there, either."""
    old, new = hold_of_tag(tag.pk), hold_of_tag(into.pk)
    rows = Transaction.everything.filter(ledger_id=ledger_id).annotate(text=Cast("held", TextField()))
    for pk, held in rows.filter(text__contains=f'"{old}"').values_list("pk", "held"):
        Transaction.everything.filter(pk=pk).update(held=sorted({*held, new} - {old}))


def _tag_names(ids: Iterable[int]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    links = Transaction.tags.through.objects.filter(transaction__in=ids).order_by("tag__name")
    for pk, name in links.values_list("transaction_id", "tag__name"):
        names.setdefault(pk, []).append(name)
    return {pk: sorted(found) for pk, found in names.items()}


def _stamp(ids: list[int], version: int, **columns: Any) -> None:
    Transaction.everything.filter(pk__in=ids).update(version=version, updated_at=timezone.now(), **columns)
