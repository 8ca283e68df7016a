"""What a chart shows, before anything is drawn. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

#: Bars side by side, bars on top of one another, bars from left to right, or lines.
Shape = Literal["bars", "stacked", "ranking", "lines"]


@dataclass(frozen=True, slots=True)
class Line:
    """One color of a chart: a value for each label, None where there is none."""

    name: str
    values: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Amounts of one currency. `description`: what somebody should know who cannot see it."""

    title: str
    description: str
    currency: str
    labels: Sequence[str]
    lines: Sequence[Line]
    shape: Shape = "bars"
