"""Tables of figures: simple methods, the product, the difference, and the required figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

PRODUCT = "Outlay"
WITHOUT = f"{PRODUCT} without seasons"
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class FigureBound:
    """Requirement on a figure: the best simple method on real series, the figure required there, and the goal.

    The product must be ahead of the best simple method of the same run by the margin `required` - `known`. If
    `is_absolute`, its figure itself must reach `required`.
    """

    figure: str
    better: Literal["more", "less"]
    known: float
    required: float
    goal: float
    is_absolute: bool = False
    #: Ratio instead of the difference: for counts.
    is_ratio: bool = False

    def limit(self, best: float | None) -> float | None:
        """Return the figure that the product must reach."""
        if self.is_absolute:
            return self.required
        if best is None:
            return None
        return best * self.required / self.known if self.is_ratio else best + self.required - self.known

    def is_kept(self, own: float | None, best: float | None) -> bool:
        limit = self.limit(best)
        if own is None or limit is None:
            return False
        return own >= limit - 1e-9 if self.better == "more" else own <= limit + 1e-9


@dataclass
class FigureTable:
    """Figures of one evaluation by method; the product's are None if it measured nothing."""

    title: str
    simple: dict[str, Figures]
    product: Figures | None
    bounds: Sequence[FigureBound]
    notes: list[str] = field(default_factory=list)
    #: Simple method that the product is held against; by default the best one for each figure.
    anchor: str | None = None

    def best(self, bound: FigureBound) -> float | None:
        """Return the best figure of the simple methods."""
        rows = [row for name, row in self.simple.items() if self.anchor in (None, name)]
        values = [value for row in rows if (value := row.get(bound.figure)) is not None]
        return (max if bound.better == "more" else min)(values, default=None)

    def missed(self) -> list[str]:
        """Return the names of the figures whose bound the product misses."""
        own = self.product
        if own is None:
            return []
        return [bound.figure for bound in self.bounds if not bound.is_kept(own.get(bound.figure), self.best(bound))]


def print_table(table: FigureTable) -> None:
    """Print one row per method, and the requirements on each figure."""
    columns = list(dict.fromkeys(name for row in [*table.simple.values(), table.product or {}] for name in row))
    width = max(len(name) for name in [*table.simple, PRODUCT, "required on real series"]) + 2
    print(f"\n{table.title}")
    print(" " * width + "".join(f"{name:>{_wide(name)}}" for name in columns))
    for name, row in table.simple.items():
        print(f"{name:{width}}" + _cells(columns, row))
    if table.product is None:
        print(f"{PRODUCT:{width}}no figures")
    else:
        print(f"{PRODUCT:{width}}" + _cells(columns, table.product))
        _print_bounds(table, columns, width)
    for note in table.notes:
        print(f"  {note}")


def _print_bounds(table: FigureTable, columns: Sequence[str], width: int) -> None:
    own, bounds = table.product or {}, table.bounds
    gains = {bound.figure: _minus(own.get(bound.figure), table.best(bound)) for bound in bounds}
    limits = {bound.figure: bound.limit(table.best(bound)) for bound in bounds}
    print(f"{'  ahead of the best by':{width}}" + _cells(columns, gains, sign="+"))
    print(f"{'  must reach':{width}}" + _cells(columns, limits))
    print(f"{'  required on real series':{width}}" + _cells(columns, {b.figure: b.required for b in bounds}))
    print(f"{'  goal on real series':{width}}" + _cells(columns, {b.figure: b.goal for b in bounds}))
    for figure in table.missed():
        print(f"  MISSED: {figure}")


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _cells(columns: Sequence[str], row: Figures, *, sign: str = "") -> str:
    return "".join(f"{_text(row.get(name), sign):>{_wide(name)}}" for name in columns)


def _text(value: float | None, sign: str) -> str:
    if value is None:
        return "-"
    return (
        f"{value:{sign}.0f}" if abs(value) >= 100 else f"{value:{sign}.1f}" if abs(value) >= 3 else f"{value:{sign}.2f}"
    )


def _wide(name: str) -> int:
    return max(len(name), 6) + 2
