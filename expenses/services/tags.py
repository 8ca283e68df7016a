"""Tags come into being by being used."""

from collections.abc import Iterable

from expenses.models import Tag


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
