"""The kinds of shops that the dictionary of merchants knows, and the category that each belongs to in a ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.models import Category
from providers.merchants.dictionary import load_kinds
from providers.merchants.provider import deciding_kind, known_groups

#: Keys of the system's categories that kinds and words stand for, in the order of the categories.
GROUPS = tuple(default.key for default in DEFAULT_CATEGORIES if default.key in known_groups())


@dataclass(frozen=True, slots=True)
class ShopKind:
    """A kind of shop, such as "shop=pet" of the group "pets"; or the whole group, its words included, as "pets"."""

    kind: str
    group: str
    label: str = ""

    @property
    def is_group(self) -> bool:
        return self.kind == self.group


@cache
def shop_kinds() -> dict[str, ShopKind]:
    """All of them by name: each group, then the kinds in it."""
    return {kind.kind: kind for group in GROUPS for kind in _of_group(group)}


def _of_group(group: str) -> Iterator[ShopKind]:
    yield ShopKind(group, group)
    for kind in load_kinds().values():
        if kind.category == group:
            yield ShopKind(kind.tag, group, kind.label)


def describe_kind(kind: ShopKind, catalog: Catalog) -> dict[str, Any]:
    """The body of a kind: the category that it belongs to, None where no answer is wanted.

    A kind without a category of its own has its group's, whose label is the name of the system's category.
    """
    default = catalog.system(kind.group)
    deciding = deciding_kind(catalog.kinds, tag=kind.kind, group=kind.group)
    category = _mapped(deciding, catalog) if deciding else default
    return {
        "kind": kind.kind,
        "label": default.display_name if kind.is_group else kind.label,
        "group": kind.group,
        "category": category.pk if category else None,
        "category_name": category.display_name if category else None,
        "is_mapped": kind.kind in catalog.kinds,
    }


def _mapped(kind: str, catalog: Catalog) -> Category | None:
    return catalog.categories.get(catalog.kinds[kind] or 0)
