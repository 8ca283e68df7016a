"""Which of the offered categories a kind of merchant belongs to: where a person put it, else the system's own."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from providers.interface import OfferedCategory
from providers.merchants import sections
from providers.merchants.kinds import load_kinds
from providers.merchants.words import REFUND

#: A category that is not offered may be answered by the one above it.
_PARENTS = {"salary": "income", "interest": "income", "other-income": "income"}


class Place(NamedTuple):
    """A category, and the kind or group that a person put into it; "" where nobody did."""

    category: OfferedCategory
    mapped: str = ""


class Places:
    """The offered categories, and what the ledger says of kinds (`Question.kinds`)."""

    def __init__(self, categories: Sequence[OfferedCategory], mapped: Mapping[str, int | None]) -> None:
        self._by_id = {category.id: category for category in categories}
        self._by_key = {category.key: category for category in categories if category.key}
        self._mapped = mapped
        self._found: dict[tuple[str, str], Place | None] = {}

    def find(self, *, group: str, tag: str = "") -> Place | None:
        """Where a kind of a group, or a word of it, belongs; None where that is not offered, or nothing is wanted."""
        asked = (group, tag)
        if asked not in self._found:
            self._found[asked] = self._find(group, tag)
        return self._found[asked]

    def _find(self, group: str, tag: str) -> Place | None:
        name = deciding_kind(self._mapped, tag=tag, group=group)
        if name:
            category = self._by_id.get(self._mapped[name] or 0)
            return Place(category, name) if category else None
        if group in self._by_key:
            return Place(self._by_key[group])
        return self._find(_PARENTS[group], "") if group in _PARENTS else None


def deciding_kind(mapped: Mapping[str, int | None], *, tag: str, group: str) -> str:
    """Which of a kind's tag and its group counts: the first that is mapped; "" where neither is."""
    return next((name for name in (tag, group) if name in mapped), "")


@cache
def known_groups() -> frozenset[str]:
    """The keys of all categories that kinds or words stand for."""
    words = files(__package__).joinpath("words.txt").read_text(encoding="utf-8")
    groups = {section.partition(" ")[0] for section, _ in sections.read_lines(words)} - {REFUND}
    return frozenset(groups | {kind.category for kind in load_kinds().values() if kind.category})
