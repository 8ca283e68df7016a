"""The kinds of shops that the dictionary of merchants knows, and the category of each in a ledger."""

from dataclasses import dataclass
from functools import cache

from expenses.categorization.catalog import Catalog
from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.models import Category
from providers.merchants.dictionary import load_kinds
from providers.merchants.provider import deciding_kind, known_groups

#: Keys of the system's categories that kinds and words stand for, in the order of the categories.
GROUPS = tuple(default.key for default in DEFAULT_CATEGORIES if default.key in known_groups())


@dataclass(frozen=True, slots=True)
class ShopKind:
    """A kind of shop, such as "shop=pet" of the group "pets"; or a whole group with its words, such as "pets"."""

    kind: str
    group: str
    label: str = ""


@cache
def shop_kinds() -> dict[str, ShopKind]:
    """Return all kinds by name: each group, then its kinds."""
    kinds = {}
    for group in GROUPS:
        kinds[group] = ShopKind(group, group)
        of_group = (kind for kind in load_kinds().values() if kind.category == group)
        kinds |= {kind.tag: ShopKind(kind.tag, group, kind.label) for kind in of_group}
    return kinds


@dataclass(frozen=True, slots=True)
class MappedKind:
    """A kind of shop with its category in a ledger, None if its payments stay uncategorized.

    A kind without a category of its own has that of its group. A group is labeled as the system's category.
    """

    kind: str
    label: str
    group: str
    category: Category | None
    is_mapped: bool

    @classmethod
    def of(cls, kind: ShopKind, catalog: Catalog) -> "MappedKind":
        """Look up the category of a kind in a ledger's catalog."""
        default = catalog.system(kind.group)
        deciding = deciding_kind(catalog.kinds, tag=kind.kind, group=kind.group)
        category = catalog.categories.get(catalog.kinds[deciding] or 0) if deciding else default
        return cls(kind.kind, kind.label or default.display_name, kind.group, category, kind.kind in catalog.kinds)
