"""Draws charts as SVG and PNG: no script, nothing loaded from elsewhere, colors that color-blind people tell apart.

pygal is imported when the first chart is drawn: it takes a tenth of a second, which most processes never need.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

#: Bars side by side, bars on top of one another, bars from left to right, or lines.
Shape = Literal["bars", "stacked", "ranking", "lines"]

#: Okabe and Ito, "Color Universal Design" (2008), and a gray.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8400", "#666666")
FONT = "Roboto, Helvetica, Arial, sans-serif"
WIDTH, HEIGHT = 900, 480
#: Each label of bars from left to right has a line of its own.
HEIGHT_OF_A_BAR, HEIGHT_BESIDE_BARS = 32, 160
#: More steps along the amounts would run into one another.
MAX_STEPS = 6
#: More labels along the bottom than these are not all written.
MAX_LABELS = 16
LABEL_LENGTH, NAME_LENGTH = 28, 24
#: Characters that XML 1.0 forbids, halves of characters, and those that turn or steer the line.
FORBIDDEN = dict.fromkeys(
    [
        *range(32), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), 0xFEFF,
        0xFFFE, 0xFFFF,
    ]
)  # fmt: skip
#: Some of them part words.
FORBIDDEN |= dict.fromkeys([*range(9, 14), 0x85, 0x2028, 0x2029], " ")
#: What Roboto draws: Latin, Greek and Cyrillic letters with their signs, punctuation, currencies.
DRAWN_BY_ROBOTO = re.compile("[\u0000-\u052f\u1e00-\u20cf]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One color of a chart: a value for each label, None where there is none."""

    name: str
    values: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Amounts of one currency. `description` is for users who cannot see the chart."""

    title: str
    description: str
    currency: str
    labels: Sequence[str]
    lines: Sequence[Line]
    shape: Shape = "bars"


def draw(chart: Chart) -> bytes:
    """Return the chart as an SVG document in UTF-8."""
    pygal = _pygal()
    makers = {"bars": pygal.Bar, "stacked": pygal.StackedBar, "ranking": pygal.HorizontalBar, "lines": pygal.Line}
    is_ranking, n_labels = chart.shape == "ranking", len(chart.labels)
    is_crowded = n_labels > MAX_LABELS and not is_ranking
    graph = makers[chart.shape](
        js=[],
        style=pygal.style.Style(
            background="#ffffff",
            plot_background="#ffffff",
            foreground="#222222",
            foreground_strong="#000000",
            foreground_subtle="#777777",
            colors=COLORS,
            opacity="1",
            opacity_hover="0.8",
            transition="none",
            font_family=FONT,
            title_font_size=20,
            label_font_size=13,
            major_label_font_size=13,
            legend_font_size=13,
        ),
        width=WIDTH,
        height=max(HEIGHT_BESIDE_BARS + HEIGHT_OF_A_BAR * n_labels, HEIGHT // 2) if is_ranking else HEIGHT,
        title=_plain(chart.title),
        no_data_text="",
        value_formatter=lambda value: _format(value, chart.currency),
        show_legend=len(chart.lines) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        truncate_legend=NAME_LENGTH,
        truncate_label=LABEL_LENGTH,  # or it cuts them shorter
        x_label_rotation=40 if n_labels > MAX_LABELS // 2 and not is_ranking else 0,
        x_labels_major_every=-(-n_labels // MAX_LABELS) if is_crowded else None,
        show_minor_x_labels=not is_crowded,
        include_x_axis=True,
        max_scale=MAX_STEPS,
        print_zeroes=False,
    )
    labels = [_plain(label) for label in chart.labels]
    # pygal writes labels of bars from left to right out, however long.
    graph.x_labels = [
        label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1].rstrip()}…" for label in labels
    ]
    for line in chart.lines:
        graph.add(_plain(line.name), [None if value is None else float(value) for value in line.values])
    graph.add_xml_filter(lambda root: _describe(root, chart))
    drawn: bytes = graph.render()
    return drawn


def paint(svg: bytes, *, zoom: float = 2) -> bytes:
    """Return a PNG of twice the size, as screens have two dots for one.

    The letters are those of a package; letters that it lacks are looked for on the machine.
    """
    import resvg_py  # noqa: PLC0415 - its library is 10 MB
    from font_roboto import Roboto, RobotoMedium  # noqa: PLC0415 - the same

    text = svg.decode()
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text,
            zoom=zoom,
            skip_system_fonts=DRAWN_BY_ROBOTO.fullmatch(text) is not None,
            font_files=[Roboto, RobotoMedium],
            font_family="Roboto",
            sans_serif_family="Roboto",
        )
    )


@lru_cache(maxsize=1)
def _pygal() -> Any:
    """Import pygal once, without its finder of maps, which Python would ask for each module in an old way."""
    import pygal  # noqa: PLC0415 - slow
    import pygal.style  # noqa: PLC0415

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal


def _format(value: float | None, currency: str) -> str:
    """Write cents only where there are some."""
    return "" if value is None else f"{value:,.{0 if value == int(value) else 2}f} {currency}"


def _plain(text: str) -> str:
    """Return the text in one line, without characters that no XML document can hold; pygal escapes the rest."""
    return text.translate(FORBIDDEN)


def _describe(root: Any, chart: Chart) -> Any:
    """Describe the chart to a screen reader, and take out the script that pygal leaves in every chart."""
    for parent in list(root.iter()):
        for child in [child for child in parent if str(child.tag).rpartition("}")[2] == "script"]:
            parent.remove(child)
    title = next(child for child in root if child.tag == "title")
    title.text = _plain(chart.title)
    root.remove(title)
    root.insert(0, title)
    description = root.makeelement("desc", {})
    description.text = _plain(chart.description)
    root.insert(1, description)
    root.set("role", "img")
    return root
