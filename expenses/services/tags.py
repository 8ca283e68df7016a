"""Writes of tags. Most come into being by being used."""

from collections.abc import Iterable

from accounts.models import User
from expenses.hooks import reference_hooks
from expenses.models import Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.editing import Author
from expenses.services.ledger_lock import add_row, change_row, ledger_write, remove_row, restamp
from expenses.services.moving import move_tag
from expenses.services.replacing import DELETION, MERGE


def find_or_create_tags(*, ledger_id: int, names: Iterable[str], version: int) -> dict[str, Tag]:
    """The tags of these names, by casefolded name; missing ones are created, in the spelling that comes first.

    At most two queries. Call it under the ledger's lock.
    """
    wanted = {name.casefold(): name for name in reversed(list(names))}
    if not wanted:
        return {}
    tags = {tag.name.casefold(): tag for tag in Tag.objects.filter(ledger_id=ledger_id)}
    missing = [Tag(ledger_id=ledger_id, name=name, version=version) for key, name in wanted.items() if key not in tags]
    tags |= {tag.name.casefold(): tag for tag in Tag.objects.bulk_create(missing)}
    return {key: tags[key] for key in wanted}


def create_tag(*, by: User, name: str) -> Tag:
    """Add a tag that nothing has yet."""
    return add_row(Tag, by=by, fields={"name": name})


def rename_tag(*, by: User, tag: Tag, name: str) -> Tag:
    """Everything that shows it gets a new version; rules that add it add it by its new name."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        changed = change_row(tag, by=by, fields={"name": name})
        if name != tag.name:
            restamp(Transaction.objects.filter(tags=tag), ledger_id=ledger_id)
            _let_rules_follow(tag, name, ledger_id=ledger_id, version=changed.version)
        return changed


def delete_tag(*, by: User, tag: Tag) -> None:
    """Take it off all transactions and remove it."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        move_tag(ledger_id=ledger_id, tag=tag, into=None, author=Author(DELETION, by))
        remove_row(tag, ledger_id=ledger_id, version=version)


def merge_tag(*, by: User, tag: Tag, into: Tag) -> int:
    """Let another tag take its place on all transactions and in rules, and remove it. Returns on how many rows."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        n = move_tag(ledger_id=ledger_id, tag=tag, into=into, author=Author(MERGE, by))
        _let_rules_follow(tag, into.name, ledger_id=ledger_id, version=version)
        remove_row(tag, ledger_id=ledger_id, version=version)
        return n


def _let_rules_follow(tag: Tag, name: str, *, ledger_id: int, version: int) -> None:
    for hook in reference_hooks():
        hook.follow_tag(ledger_id=ledger_id, name=tag.name, into=name, version=version)
