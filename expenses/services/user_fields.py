"""Which fields of a row are its owner's own: machines leave alone what a person wrote by hand."""

from collections.abc import Iterable, Set
from typing import Any

from expenses.models import Tag, Transaction
from providers.interface import EFFECT_FIELDS


def hold(row: Transaction, before: dict[str, Any], *, tags: Set[Tag]) -> None:
    """Note what was written by hand; `before` are the old values by field, `tags` what the row had."""
    written = {name for name in EFFECT_FIELDS if getattr(row, name) != before[name]}
    written |= holds_of_tags(tag.pk for tag in tags ^ frozenset(row.tags.all()))
    if not written <= set(row.held):
        row.held = sorted({*row.held, *written})


def holds_of_tags(ids: Iterable[int]) -> set[str]:
    """How `held` names tags that a person gave or took away."""
    return set(map(hold_of_tag, ids))


def hold_of_tag(pk: int) -> str:
    """The same of one tag."""
    return f"tag:{pk}"


def release(held: list[str], change: list[list[str]] | None, restored: Set[str]) -> list[str]:
    """What a person still holds when a change is taken back: not what they came to hold by it, where it is restored.

    `change` is what was held before and after it, None where it is the same.
    """
    before, after = change or ([], [])
    gained = set(after) - set(before)
    return [name for name in held if name not in gained or _field_of(name) not in restored]


def _field_of(name: str) -> str:
    return "tags" if name.startswith("tag:") else name
