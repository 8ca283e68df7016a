"""Writes of tags. Most tags are created when a transaction is given them."""

from django.db.models import TextField
from django.db.models.functions import Cast

from accounts.models import User
from expenses.hooks import reference_hooks
from expenses.models import Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.edits import Author, RowWrite, held_tag, write_rows
from expenses.services.ledger_lock import change_row, in_versions, ledger_write, remove_row, restamp


def rename_tag(*, by: User, tag: Tag, name: str) -> Tag:
    """Rename a tag. Transactions that show it get a new version, and rules follow."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        changed = change_row(tag, by=by, fields={"name": name})
        if name != tag.name:
            restamp(Transaction.objects.filter(tags=tag), ledger_id=ledger_id)
            _call_reference_hooks(tag, name, ledger_id=ledger_id, version=changed.version)
        return changed


def delete_tag(*, by: User, tag: Tag) -> None:
    """Take a tag off all transactions and remove it."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        _replace_tag(tag, into=None, author=Author("deletion", by))
        remove_row(tag, ledger_id=ledger_id, version=version)


def merge_tag(*, by: User, tag: Tag, into: Tag) -> int:
    """Let another tag take a tag's place on all transactions and in rules, and remove it. Return on how many rows."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        n = _replace_tag(tag, into=into, author=Author("merge", by))
        _call_reference_hooks(tag, into.name, ledger_id=ledger_id, version=version)
        remove_row(tag, ledger_id=ledger_id, version=version)
        return n


def _call_reference_hooks(tag: Tag, name: str, *, ledger_id: int, version: int) -> None:
    for hook in reference_hooks():
        hook.follow_tag(ledger_id=ledger_id, name=tag.name, into=name, version=version)


def _replace_tag(tag: Tag, *, into: Tag | None, author: Author) -> int:
    """Take a tag off all transactions, those in the bin included, and put another one on.

    Return how many live ones it was on.
    """
    ledger_id = tag.ledger_id
    rows = Transaction.everything.filter(ledger_id=ledger_id, tags=tag).order_by("pk")
    n_live: int = rows.filter(deleted_at=None).count()
    new_names, new_tags = ({into.name}, [into.pk]) if into is not None else (set[str](), list[int]())
    for ids, version in in_versions(rows.values_list("pk", flat=True), ledger_id=ledger_id):
        names: dict[int, set[str]] = {pk: set() for pk in ids}
        links = Transaction.tags.through.objects.filter(transaction__in=ids)
        for pk, name in links.values_list("transaction_id", "tag__name"):
            names[pk].add(name)
        writes = []
        for pk, had in names.items():
            has = (had - {tag.name}) | new_names
            writes.append(RowWrite(pk, {}, {"tags": [sorted(had), sorted(has)]}, new_tags, [tag.pk]))
        write_rows(writes, ledger_id=ledger_id, version=version, author=author)
    if into is not None:  # where the owner took the tag off, the other one is not wanted, either
        old, new = held_tag(tag.pk), held_tag(into.pk)
        held_rows = Transaction.everything.filter(ledger_id=ledger_id).annotate(text=Cast("held", TextField()))
        for pk, held in held_rows.filter(text__contains=f'"{old}"').values_list("pk", "held"):
            Transaction.everything.filter(pk=pk).update(held=sorted({*held, new} - {old}))
    return n_live
