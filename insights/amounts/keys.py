"""What an amount is compared with, from all of its kind to those of its payee alone."""

from typing import NamedTuple

#: Names of levels, the widest first. `first` and `category_first`: the first payment to each payee.
LEVELS = ("all", "first", "category", "category_first", "word", "payee")
#: Longer names of payees are cut.
TEXT_LENGTH = 200


class Key(NamedTuple):
    """One group of amounts: of a kind, on a level, called so. A category is called by its id, all by no text."""

    kind: str
    level: str
    text: str


def keys_of(*, kind: str, payee: str, category: int | None, is_first: bool) -> list[Key]:
    """The groups that a payment belongs to, the widest first.

    `is_first`: nothing was paid to the payee before. `word`: the first word of the payee, which shops of a chain share.
    """
    keys = [Key(kind, "all", "")]
    if is_first:
        keys.append(Key(kind, "first", ""))
    if category is not None:
        keys.append(Key(kind, "category", str(category)))
        if is_first:
            keys.append(Key(kind, "category_first", str(category)))
    if payee:
        keys += [Key(kind, "word", payee.split(" ", 1)[0][:TEXT_LENGTH]), Key(kind, "payee", payee[:TEXT_LENGTH])]
    return keys
