"""Kinds of transactions, derived from the direction of the money and the kind of the category. Pure."""

from typing import Literal

from providers.interface import Direction

CategoryKind = Literal["expense", "income", "transfer"]
Kind = Literal["expense", "income", "refund", "transfer"]

#: The kind of category that fits a kind of transaction; a refund lowers the spend of its expense category.
CATEGORY_KIND: dict[str, CategoryKind] = {
    "expense": "expense",
    "income": "income",
    "refund": "expense",
    "transfer": "transfer",
}
DIRECTION: dict[str, Direction] = {"expense": "out", "income": "in", "refund": "in"}
_DERIVED: dict[tuple[str, str | None], Kind] = {
    ("out", "expense"): "expense",
    ("in", "income"): "income",
    ("in", "expense"): "refund",
    ("out", "transfer"): "transfer",
    ("in", "transfer"): "transfer",
    ("out", None): "expense",
    ("in", None): "income",
}


def derive_kind(direction: str, category_kind: str | None) -> Kind | None:
    """Return the kind. Return None for a category that cannot be: money out is never income."""
    return _DERIVED.get((direction, category_kind))


def offered_kinds(direction: str, kind: str | None) -> frozenset[str]:
    """Return the kinds of category that the chain may choose from; `kind` is what the client stated, if it did."""
    if kind is not None:
        return frozenset({CATEGORY_KIND[kind]})
    return frozenset({"expense", "income", "transfer"} if direction == "in" else {"expense", "transfer"})
