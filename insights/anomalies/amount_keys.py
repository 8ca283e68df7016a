"""Groups of payments that an amount is compared with, from all of its kind to those of its payee alone. Pure."""

from typing import NamedTuple

#: Names of levels, the widest first. `first` and `category_first` hold the first payment to each payee.
LEVELS = ("all", "first", "category", "category_first", "word", "payee")
#: Longer names of payees are cut.
TEXT_LENGTH = 200


class AmountKey(NamedTuple):
    """Key of a group: kind, level, and the payee, first word or id of the category; the text of `all` is empty."""

    kind: str
    level: str
    text: str


def keys_of(*, kind: str, payee: str, category: int | None, is_first: bool) -> list[AmountKey]:
    """Return the groups of a payment, the widest first.

    `is_first` says that no payment to the payee came before. The level `word` has the first word of the payee, which
    shops of one chain share.
    """
    keys = [AmountKey(kind, "all", "")]
    if is_first:
        keys.append(AmountKey(kind, "first", ""))
    if category is not None:
        keys.append(AmountKey(kind, "category", str(category)))
        if is_first:
            keys.append(AmountKey(kind, "category_first", str(category)))
    if payee:
        keys.append(AmountKey(kind, "word", first_word(payee)[:TEXT_LENGTH]))
        keys.append(AmountKey(kind, "payee", payee[:TEXT_LENGTH]))
    return keys


def first_word(payee: str) -> str:
    return payee.split(" ", 1)[0]
