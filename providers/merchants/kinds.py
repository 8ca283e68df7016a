"""Which category a kind of shop belongs to, and how likely a card payment to a brand is one to that kind."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from providers.merchants import sections


class Kind(NamedTuple):
    """A kind of merchant. `category` is the key of a system category, "" where a payment says nothing about it."""

    tag: str
    category: str
    likelihood: int
    label: str


@cache
def load_kinds() -> dict[str, Kind]:
    """All kinds by their tag, such as "shop=supermarket"."""
    return {kind.tag: kind for kind in _read_kinds()}


def _read_kinds() -> Iterator[Kind]:
    text = files(__package__).joinpath("kinds.txt").read_text(encoding="utf-8")
    for category, line in sections.read_lines(text):
        likelihood, tag, label = line.split(None, 2)
        yield Kind(tag=tag, category=category.strip("-") and category, likelihood=int(likelihood), label=label)
