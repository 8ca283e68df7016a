"""Tags come into being by being used."""

from collections.abc import Iterable

from expenses.models import Tag


def find_or_create_tags(*, ledger_id: int, names: Iterable[str]) -> dict[str, Tag]:
    """Tags by casefolded name; missing ones are created, in the spelling that comes first.

    At most two queries. Call it under the ledger's lock.
    """
    wanted = {name.casefold(): name for name in reversed(list(names))}
    if not wanted:
        return {}
    tags = {tag.name.casefold(): tag for tag in Tag.objects.filter(ledger_id=ledger_id)}
    missing = [Tag(ledger_id=ledger_id, name=name) for key, name in wanted.items() if key not in tags]
    created = Tag.objects.bulk_create(missing)
    return tags | {tag.name.casefold(): tag for tag in created}
