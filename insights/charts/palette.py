"""The colors of charts on light and on dark ground, by names that are classes of their style sheet. Pure.

No color is the only sign of anything: names stand beside bars, and legends beside lines.
"""

from collections.abc import Iterable

#: The ground, text, and lines of the grid: light, dark.
GROUND, INK, GRID = ("#ffffff", "#1c1c1e"), ("#222222", "#ececec"), ("#8a8a8a", "#76767c")
#: Colors of categories. A search found them: between any two, OKLab's distance is 0.06 or more, also as people without
#: red, green or blue cones see them (Machado, Oliveira and Fernandes 2009), and each is 2.2 times as bright or dark as
#: its ground (WCAG's contrast).
SLOTS = (
    ("#004ba5", "#1eb4e1"), ("#d2a51e", "#e1f069"), ("#d269b4", "#a578b4"), ("#694b00", "#b4a500"),
    ("#1e96e1", "#6fd7f7"), ("#5a9669", "#7dcd81"), ("#870f4b", "#c34b4b"), ("#a55a0f", "#da611e"),
    ("#965aa5", "#8787f0"), ("#5a4b78", "#786996"), ("#a5870f", "#e1c32d"), ("#87b478", "#b4e1b4"),
    ("#69b4f0", "#3cffff"), ("#3c2d78", "#6969d2"), ("#5a2d1e", "#4ba569"), ("#874b4b", "#e187a5"),
)  # fmt: skip
#: Grays of what is no single category, and colors of what is no category at all; `area` is a fan's.
GRAYS = {"uncategorized": ("#737373", "#8e8e93"), "others": ("#b3b3b3", "#b8b8bd")}
ROLES = {"first": ("#0072B2", "#56B4E9"), "second": ("#D55E00", "#E69F00"), "ink": INK, "area": ("#f2cdb3", "#5c3d20")}
#: Categories beyond the colors have these again, hatched.
N_FILLS = 2 * len(SLOTS)
HATCHED = "-hatched"


def color_of(category: int | None) -> str:
    """Return the color of a category by its id: the same in every chart, whatever else is drawn; a gray for None."""
    if category is None:
        return "uncategorized"
    place = category % N_FILLS
    return f"slot-{place % len(SLOTS)}{HATCHED if place >= len(SLOTS) else ''}"


def hatched(colors: Iterable[str]) -> list[str]:
    """Return the patterns among some colors, each once."""
    return sorted({color for color in colors if color.endswith(HATCHED)})


def style_sheet() -> str:
    """Return the rules of all colors, and those of dark ground for viewers who prefer it."""
    lines = f".axis .line{{stroke:{INK[1]}!important}}.axis .guide.line{{stroke:{GRID[1]}!important}}"
    light = f".edgeless{{stroke:none!important}}.guide.line{{stroke:{GRID[0]}!important}}{_rules(0)}"
    return f"{light}@media (prefers-color-scheme:dark){{{_rules(1)}{lines}}}"


def _rules(ground: int) -> str:
    named = {f"slot-{place}": pair for place, pair in enumerate(SLOTS)} | GRAYS | ROLES
    found = [
        f".background{{fill:{GROUND[ground]}!important}}",
        f"text{{fill:{INK[ground]}!important}}",
        f".gap{{stroke:{GROUND[ground]}!important}}",
    ]
    found += [
        f".{name}{{fill:{pair[ground]}!important}}.{name}-stroke{{stroke:{pair[ground]}!important}}"
        for name, pair in named.items()
    ]
    return "".join(found)
