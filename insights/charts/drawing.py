"""Draws charts as SVG: no script, nothing loaded from elsewhere, colors that color-blind people tell apart.

pygal is imported when the first chart is drawn: it takes a tenth of a second, which most processes never need.
"""

import sys
from functools import lru_cache
from typing import Any

from insights.charts.chart import Chart, Shape

#: Okabe and Ito, "Color Universal Design" (2008), and a gray.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8400", "#666666")
FONT = "Roboto, Helvetica, Arial, sans-serif"
WIDTH, HEIGHT = 900, 480
#: Of bars from left to right, each label has a line of its own.
HEIGHT_OF_A_BAR, HEIGHT_BESIDE_BARS = 32, 160
#: More steps along the amounts would run into one another.
MAX_STEPS = 6
#: More labels along the bottom than these are not all written.
MAX_LABELS = 16
LABEL_LENGTH, NAME_LENGTH = 28, 24
#: What XML 1.0 cannot hold, what would be cut in half, and what steers a line or turns its writing around.
FORBIDDEN = dict.fromkeys(
    [
        *range(32), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), 0xFEFF,
        0xFFFE, 0xFFFF,
    ]
)  # fmt: skip
#: What parts words, though.
FORBIDDEN |= dict.fromkeys([*range(9, 14), 0x85, 0x2028, 0x2029], " ")


def draw(chart: Chart) -> bytes:
    """The chart as an SVG document in UTF-8."""
    graph = _graph(chart)
    graph.x_labels = [_cut(_plain(label)) for label in chart.labels]
    for line in chart.lines:
        graph.add(_plain(line.name), [None if value is None else float(value) for value in line.values])
    graph.add_xml_filter(lambda root: _described(root, chart))
    drawn: bytes = graph.render()
    return drawn


@lru_cache(maxsize=1)
def _pygal() -> Any:
    """Imported once, without its finder of maps: from then on that would be asked for each module, in an old way."""
    import pygal  # noqa: PLC0415 - slow
    import pygal.style  # noqa: PLC0415

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal


def _graph(chart: Chart) -> Any:
    pygal = _pygal()
    makers = {"bars": pygal.Bar, "stacked": pygal.StackedBar, "ranking": pygal.HorizontalBar, "lines": pygal.Line}
    many = len(chart.labels) > MAX_LABELS and chart.shape != "ranking"
    return makers[chart.shape](
        js=[],
        style=_style(),
        width=WIDTH,
        height=_height(chart.shape, len(chart.labels)),
        title=_plain(chart.title),
        no_data_text="",
        value_formatter=lambda value: _written(value, chart.currency),
        show_legend=len(chart.lines) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        truncate_legend=NAME_LENGTH,
        truncate_label=LABEL_LENGTH,  # or it cuts them shorter
        x_label_rotation=40 if len(chart.labels) > MAX_LABELS // 2 and chart.shape != "ranking" else 0,
        x_labels_major_every=-(-len(chart.labels) // MAX_LABELS) if many else None,
        show_minor_x_labels=not many,
        include_x_axis=True,
        max_scale=MAX_STEPS,
        print_zeroes=False,
    )


def _height(shape: Shape, n_labels: int) -> int:
    return max(HEIGHT_BESIDE_BARS + HEIGHT_OF_A_BAR * n_labels, HEIGHT // 2) if shape == "ranking" else HEIGHT


def _style() -> Any:
    return _pygal().style.Style(
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
    )


def _written(value: float | None, currency: str) -> str:
    """With cents only where there are some."""
    return "" if value is None else f"{value:,.{0 if value == int(value) else 2}f} {currency}"


def _plain(text: str) -> str:
    """Without what no XML document can hold, and in one line that reads as it is written; pygal escapes the rest."""
    return text.translate(FORBIDDEN)


def _cut(label: str) -> str:
    """Of bars from left to right pygal writes labels out, however long."""
    return label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1].rstrip()}…"


def _described(root: Any, chart: Chart) -> Any:
    """Says to a screen reader what it is, and takes out the script that pygal leaves in every chart."""
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
