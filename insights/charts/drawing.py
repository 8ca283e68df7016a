"""Draws charts as SVG and PNG: no script, nothing loaded from elsewhere, colors that color-blind people tell apart.

pygal is imported when the first chart is drawn: it takes a tenth of a second, which most processes never need.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree as ET

from insights.charts.letters import shortened, width_of
from insights.charts.palette import GRID, GROUND, HATCHED, INK, SLOTS, hatched, style_sheet

#: Bars side by side, bars on top of one another, bars from left to right, or lines.
Shape = Literal["bars", "stacked", "ranking", "lines"]

FONT = "Roboto, Helvetica, Arial, sans-serif"
#: Pixels; `HEIGHT_BELOW` is that of a chart below another one.
WIDTH, HEIGHT, HEIGHT_BELOW = 900, 480, 240
SVG = "http://www.w3.org/2000/svg"
#: Each label of bars from left to right has a line of its own.
HEIGHT_OF_A_BAR, HEIGHT_BESIDE_BARS = 32, 160
#: More steps along the amounts would run into one another.
MAX_STEPS = 6
#: More labels along the bottom than these are not all written.
MAX_LABELS = 16
#: Lines through more labels than these have no dots.
MAX_DOTS = 120
#: Pixels of letters, and the most that a name beside a bar, below one, or of the legend may take.
LETTERS, LABEL_WIDTH, TICK_WIDTH, NAME_WIDTH = 13, 230, 130, 150
#: Values in this part of the height, above the axis, have their texts beside them.
LOW_PART = 0.15
#: Colors of single bars that the legend shows at most.
N_STRIPES = 3
#: Pixels between a name and its bar.
GAP = 16
#: Radii. A dot on a line shows its amount to those who point at it.
SIZE_OF_A_MARK, SIZE_OF_A_DOT = 5, 1.5
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


#: Colors of lines that name none, by their place.
PLACES = ("first", "second", "others", "uncategorized", *(f"slot-{place}" for place in range(len(SLOTS))))
#: Shapes that pygal draws for values.
DRAWN = {"rect", "path", "circle"}
#: pygal turns labels about their middle, which then lies in the bars.
TURNED = re.compile(r"rotate\(([\d.]+) (.*)\)")
SERIES, LEGEND = re.compile(r"serie-(\d+)\b"), re.compile(r"activate-serie-(\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A value for each label, None where there is none. `colors` are of single bars, `color` of all and the legend.

    Colors are names of the palette; without one, the line has the color of its place.
    """

    name: str
    values: Sequence[Decimal | None]
    color: str = ""
    colors: Sequence[str] = ()
    #: A broken line is of what is not known; marks are points without a line between them.
    style: Literal["solid", "broken", "marks"] = "solid"
    #: By place: texts that are written above values.
    texts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fan:
    """An area between two lines: the least and the greatest value of each label, None where there is none."""

    name: str
    low: Sequence[Decimal | None]
    high: Sequence[Decimal | None]
    color: str = "area"


@dataclass(frozen=True, slots=True)
class Chart:
    """Amounts of one currency. `description` is for users who cannot see the chart."""

    title: str
    description: str
    currency: str
    labels: Sequence[str]
    lines: Sequence[Line]
    shape: Shape = "bars"
    #: With a shape of lines.
    fan: Fan | None = None
    #: Charts of lines with the same labels, which are drawn below this one.
    below: Sequence["Chart"] = ()

    @property
    def colors(self) -> list[str]:
        """The color of each line."""
        return [line.color or PLACES[place % len(PLACES)] for place, line in enumerate(self.lines)]


def draw(chart: Chart) -> bytes:
    """Return the chart as an SVG document in UTF-8, with all charts below it."""
    first = _draw_one(replace(chart, below=()), height=HEIGHT)
    return _stack([first, *(_draw_one(one, height=HEIGHT_BELOW) for one in chart.below)]) if chart.below else first


def _draw_one(chart: Chart, *, height: int) -> bytes:
    pygal = _pygal()
    makers = {"bars": pygal.Bar, "stacked": pygal.StackedBar, "ranking": pygal.HorizontalBar, "lines": pygal.Line}
    is_ranking, n_labels = chart.shape == "ranking", len(chart.labels)
    is_crowded = n_labels > MAX_LABELS and not is_ranking
    has_texts = any(line.texts for line in chart.lines)
    graph = makers[chart.shape](
        js=[],
        style=pygal.style.Style(
            background=GROUND[0],
            plot_background=GROUND[0],
            foreground=INK[0],
            foreground_strong=INK[0],
            foreground_subtle=GRID[0],
            opacity="1",
            opacity_hover="0.8",
            transition="none",
            font_family=FONT,
            title_font_size=20,
            label_font_size=LETTERS,
            major_label_font_size=LETTERS,
            legend_font_size=LETTERS,
            no_data_font_size=2 * LETTERS,
            value_font_size=LETTERS,
            value_label_font_size=LETTERS,
        ),
        width=WIDTH,
        height=max(HEIGHT_BESIDE_BARS + HEIGHT_OF_A_BAR * n_labels, HEIGHT // 2) if is_ranking else height,
        title=_plain(chart.title),
        no_data_text="Not enough data yet",
        value_formatter=lambda value: _format(value, chart.currency),
        show_legend=len(chart.lines) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        truncate_legend=-1,
        truncate_label=-1,
        x_label_rotation=40 if n_labels > MAX_LABELS // 2 and not is_ranking else 0,
        x_labels_major_every=-(-n_labels // MAX_LABELS) if is_crowded else None,
        show_minor_x_labels=not is_crowded,
        include_x_axis=True,
        max_scale=MAX_STEPS,
        print_zeroes=False,
        stroke_style={"width": 2.5},
        range=_range_of(chart) if chart.fan else None,
        print_labels=has_texts,
    )
    width = LABEL_WIDTH if is_ranking else TICK_WIDTH
    graph.x_labels = [shortened(_plain(label), LETTERS, width) for label in chart.labels]
    if is_ranking:
        _leave_room(graph)
    for line in chart.lines:
        graph.add(
            shortened(_plain(line.name), LETTERS, NAME_WIDTH),
            _values(line),
            stroke=line.style != "marks",
            show_dots=line.style == "marks" or n_labels <= MAX_DOTS,
            dots_size=SIZE_OF_A_MARK if line.style == "marks" else SIZE_OF_A_DOT,
        )
    graph.add_xml_filter(lambda root: _describe(_color(root, chart, graph), chart))
    drawn: bytes = graph.render()
    return drawn


def _values(line: Line) -> list[Any]:
    """Return the values as pygal takes them, some with a text."""
    values: list[Any] = [None if value is None else float(value) for value in line.values]
    for place, text in line.texts.items():
        values[place] = {"value": values[place], "label": shortened(_plain(text), LETTERS, NAME_WIDTH)}
    return values


def _stack(drawn: Sequence[bytes]) -> bytes:
    """Return one document with all charts from top to bottom. The first one's title and description hold for all."""
    roots = [ET.fromstring(svg) for svg in drawn]  # noqa: S314 - our own
    heights = [float(root.get("viewBox", "").split()[-1]) for root in roots]
    whole = ET.Element(f"{{{SVG}}}svg", {"viewBox": f"0 0 {WIDTH} {sum(heights):g}", "role": "img"})
    top = 0.0
    for root, height in zip(roots, heights, strict=True):
        for name in ("title", "desc"):
            told = root.find(f"{{{SVG}}}{name}")
            if told is not None:
                root.remove(told)
                if not top:
                    whole.append(told)
        root.attrib.pop("role", None)
        root.attrib |= {"y": f"{top:g}", "width": str(WIDTH), "height": f"{height:g}"}
        whole.append(root)
        top += height
    ET.register_namespace("", SVG)
    stacked: bytes = ET.tostring(whole, encoding="utf-8", xml_declaration=True)
    return stacked


def _range_of(chart: Chart) -> tuple[float, float]:
    """Return the least and the greatest value of lines and fan, 0 among them."""
    fan = chart.fan
    rows = [line.values for line in chart.lines] + ([fan.low, fan.high] if fan else [])
    values = [float(value) for row in rows for value in row if value is not None]
    return min(0.0, *values), max(1.0, *values)


def _leave_room(graph: Any) -> None:
    """Give names beside bars the room that they take: pygal takes all letters for equally wide."""
    guess = graph._compute_margin  # noqa: SLF001 - pygal has no setting for it

    def measure() -> None:
        guess()
        graph.margin_box.left = GAP + max((width_of(label, LETTERS) for label in graph.x_labels), default=0)

    graph._compute_margin = measure  # noqa: SLF001 - the same


def _color(root: Any, chart: Chart, graph: Any) -> Any:
    """Color bars, lines and the legend by classes of a style sheet, and draw the fan below the lines."""
    for group in root.iter("g"):
        if found := SERIES.search(group.get("class", "")):
            line, color = chart.lines[int(found[1])], chart.colors[int(found[1])]
            shapes = [shape for shape in group.iter() if shape.tag in DRAWN]
            # pygal draws no bar where there is no value.
            places = [place for place, value in enumerate(line.values) if value is not None]
            for shape, place in zip(shapes, places, strict=False):
                own = line.colors[place] if line.colors else color
                _dress(shape, own, is_line=shape.tag == "path", is_broken=line.style == "broken")
                if shape.tag != "path":  # bars and marks that touch others stay apart from them
                    has_gap = chart.shape == "stacked" or line.style == "marks"
                    shape.set("class", f"{shape.get('class')} {'gap' if has_gap else 'edgeless'}")
        if found := LEGEND.fullmatch(group.get("id", "")):
            box = next(group.iter("rect"))
            _dress_legend(group, box, chart.lines[int(found[1])], chart.colors[int(found[1])])
    for text in root.iter("text"):
        if found := TURNED.fullmatch(text.get("transform", "")):
            text.set("transform", f"rotate(-{found[1]} {found[2]})")
            text.set("style", "text-anchor:end")
    _place_texts(root, graph)
    if chart.fan is not None:
        plot = next(group for group in root.iter("g") if group.get("class") == "plot")
        first_line = next(place for place, child in enumerate(plot) if SERIES.search(child.get("class", "")))
        plot.insert(first_line, _fan(root, chart.fan, graph))
    sheet = root.makeelement("style", {"type": "text/css"})
    sheet.text = style_sheet()
    definitions = next(root.iter("defs"))
    definitions.append(sheet)
    for name in hatched([*chart.colors, *(color for line in chart.lines for color in line.colors)]):
        definitions.append(_pattern(root, name))
    return root


def _place_texts(root: Any, graph: Any) -> None:
    """Move the texts of values off the line: above high ones, beside low ones, and above one another."""
    width, height = graph.view.width, graph.view.height
    taken: list[tuple[float, float, float]] = []
    for text in root.iter("text"):
        if text.get("class") != "label" or text.get("transform"):
            continue
        # pygal writes texts below and to the right of their values, by the size of the letters.
        x, y = float(text.get("x")) - LETTERS, float(text.get("y")) - LETTERS
        length = width_of(text.text or "", LETTERS)
        is_low = y > height * (1 - LOW_PART)
        left = x + GAP / 2 if is_low else x - length / 2
        left, top = min(max(left, 0.0), width - length), y - (0 if is_low else GAP * 2 / 3)
        while any(left < end and start < left + length and abs(top - other) < GAP for start, end, other in taken):
            top -= GAP
        taken.append((left, left + length, top))
        text.set("x", f"{left:.1f}")
        text.set("y", f"{top:.1f}")


def _dress_legend(group: Any, box: Any, line: Line, color: str) -> None:
    """Color the box of a line in the legend; one whose bars have colors of their own gets a stripe of the first few."""
    colors = list(dict.fromkeys(line.colors))[:N_STRIPES] or [color]
    left, width, place = float(box.get("x")), float(box.get("width")) / len(colors), list(group).index(box)
    group.remove(box)
    for nth, of_stripe in enumerate(colors):
        stripe = box.makeelement("rect", dict(box.attrib) | {"x": f"{left + nth * width:g}", "width": f"{width:g}"})
        _dress(stripe, of_stripe)
        stripe.set("class", f"{stripe.get('class')} edgeless")
        group.insert(place + nth, stripe)


def _dress(shape: Any, color: str, *, is_line: bool = False, is_broken: bool = False) -> None:
    """Give a shape its color; `color` may be a hatched one."""
    name = color.removesuffix(HATCHED)
    if is_line:
        shape.set("class", f"line nofill {name}-stroke")
        if is_broken:
            shape.set("stroke-dasharray", "7 5")
    elif color == name:
        shape.set("class", f"{shape.get('class')} {name}")
    else:
        shape.set("style", f"fill:url(#{color})")


def _fan(root: Any, fan: Fan, graph: Any) -> Any:
    """Return the area between two lines."""
    edges = [
        [(place, float(value)) for place, value in enumerate(values) if value is not None]
        for values in (fan.low, fan.high)
    ]
    across = graph._x_pos  # noqa: SLF001 - pygal draws no areas between lines, but knows where their points are
    corners = [graph.view((across[place], value)) for place, value in [*edges[0], *reversed(edges[1])]]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    area = root.makeelement("polygon", {"points": points, "class": fan.color, "opacity": "0.8"})
    area.append(root.makeelement("title", {}))
    area[0].text = _plain(fan.name)
    return area


def _pattern(root: Any, color: str) -> Any:
    """Return the pattern of a hatched color."""
    size = {"width": "8", "height": "8"}
    found = root.makeelement("pattern", {"id": color, "patternUnits": "userSpaceOnUse", **size})
    found.append(root.makeelement("rect", {"class": color.removesuffix(HATCHED), **size}))
    found.append(root.makeelement("path", {"d": "M-2 2L2 -2M0 8L8 0M6 10L10 6", "class": "gap", "stroke-width": "2"}))
    return found


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
    """Write thousands apart, and cents only where there are some."""
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
