"""Charts show their amounts to people and to screen readers, and load nothing."""

import itertools
import re
import subprocess
import sys
from decimal import Decimal
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from insights.charts.drawing import DRAWN_BY_ROBOTO, Chart, Fan, Line, draw, paint
from insights.charts.letters import ELLIPSIS, shortened, width_of
from insights.charts.palette import GROUND, N_FILLS, SLOTS, color_of

SVG = "{http://www.w3.org/2000/svg}"
#: OKLab (Ottosson 2020), and how people without one kind of cones see linear light (Machado and others 2009).
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
CONES = {
    "all": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
HOSTILE = "</text><script>alert('x')</script>\x00\ud800 & \"<b>"


def chart(*lines: Line, labels=("2026-10", "2026-11"), **fields) -> Chart:
    told = {"title": "Spending", "description": "All of it.", "currency": "EUR"}
    return Chart(**told | fields, labels=labels, lines=lines or [Line("Spending", [Decimal(10), Decimal("12.5")])])


def elements(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


@pytest.mark.parametrize("shape", ["bars", "stacked", "ranking", "lines"])
def test_a_chart_names_itself_its_labels_and_its_amounts(shape):
    root = elements(draw(chart(shape=shape)))
    assert [(child.tag, child.text) for child in root[:2]] == [
        (f"{SVG}title", "Spending"),
        (f"{SVG}desc", "All of it."),
    ]
    assert root.get("role") == "img"
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert {"Spending", "2026-10", "2026-11"} <= texts
    assert any("12.50 EUR" in (element.text or "") for element in root.iter())


def test_a_chart_has_no_script_and_loads_nothing():
    drawn = draw(chart()).decode()
    assert "<script" not in drawn
    assert "href" not in drawn
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org|pygal\.org|github\.com)", drawn)


def test_hostile_names_are_text():
    root = elements(draw(chart(Line(HOSTILE, [Decimal(1), None]), Line("b", [Decimal(2), Decimal(3)]), title=HOSTILE,
                               description=HOSTILE, labels=[HOSTILE, "b"])))  # fmt: skip
    assert list(root.iter(f"{SVG}script")) == []
    assert root[0].text == root[1].text == "</text><script>alert('x')</script> & \"<b>"


@pytest.mark.parametrize("shape", ["bars", "ranking"])
def test_long_names_are_cut(shape):
    texts = [
        one.text or "" for one in elements(draw(chart(shape=shape, labels=["x" * 60, "short"]))).iter(f"{SVG}text")
    ]
    (cut,) = (text for text in texts if text.startswith("xxx"))
    assert cut.endswith("x" + ELLIPSIS)
    assert len(cut) < 50
    assert "short" in texts


@pytest.mark.parametrize("name", ["W" * 40, "i" * 120, "Groceries", "食料品" * 20, "Ёжики и " * 12])
def test_names_stay_between_the_edge_and_their_bars(name):
    root = elements(draw(chart(shape="ranking", labels=[name, "b"])))
    plot = next(one for one in root.iter(f"{SVG}g") if one.get("class") == "plot")
    left = float(re.findall(r"[0-9.]+", plot.get("transform") or "")[0])
    bars = [float(one.get("x") or 0) for one in plot.iter(f"{SVG}rect") if "rect" in (one.get("class") or "")]
    label = next(one for one in plot.iter(f"{SVG}text") if (one.text or "")[:1] == name[:1])
    end = float(label.get("x") or 0)
    assert end < min(bars)
    assert left + end - width_of(label.text or "", 13) > 0


def test_turned_labels_end_below_their_bars():
    labels = [f"2026-{month:02}" for month in range(1, 13)]
    root = elements(draw(chart(Line("A", [Decimal(1)] * 12), labels=labels)))
    plot = next(one for one in root.iter(f"{SVG}g") if one.get("class") == "plot")
    bottom = max(float(one.get("y") or 0) + float(one.get("height") or 0) for one in plot.iter(f"{SVG}rect"))
    texts = [one for one in plot.iter(f"{SVG}text") if one.text in labels]
    assert len(texts) == 12
    for one in texts:
        assert one.get("style") == "text-anchor:end"
        assert (one.get("transform") or "").startswith("rotate(-40 ")
        assert float(one.get("y") or 0) - 13 * 0.8 >= bottom  # a letter is no higher than that


def test_letters_have_the_widths_of_the_font():
    narrow, wide = width_of("iiii", 10), width_of("WWWW", 10)
    assert narrow * 3 < wide
    assert width_of("食", 10) == width_of("食食", 10) / 2 > width_of("W", 10)
    assert width_of("Groceries", 13) == pytest.approx(58.87, abs=0.01)


def test_a_cut_name_fits_and_one_letter_more_would_not():
    name = "Health insurance and everything around it"
    cut = shortened(name, 13, 150)
    kept = cut.removesuffix(ELLIPSIS)
    assert name.startswith(kept)
    assert width_of(cut, 13) <= 150 < width_of(name[: len(kept) + 2] + ELLIPSIS, 13)
    assert shortened("Rent", 13, 150) == "Rent"


def test_names_cannot_turn_a_line_around_or_break_it():
    name = "a\u202eb\u2066c\u2069\x85d\ne\tf\x7f\u200d"
    root = elements(draw(chart(shape="ranking", title=name, labels=[name, "b"])))
    assert root[0].text == "abc d e f\u200d"
    assert "abc d e f\u200d" in {one.text for one in root.iter(f"{SVG}text")}


def test_a_chart_of_nothing_is_a_chart():
    for labels, lines in [((), [Line("Spending", [])]), (("2026-11",), [Line("Spending", [None])])]:
        assert elements(draw(chart(*lines, labels=labels)))[0].text == "Spending"


def seen(color: str) -> list[tuple[np.ndarray, str]]:
    """Return the place of a color in OKLab, as most people see it and as those without one kind of cones do."""
    level = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return [(TO_OKLAB @ np.cbrt(TO_CONES @ np.clip(cones @ light, 0, 1)), name) for name, cones in CONES.items()]


def contrast(color: str, ground: str) -> float:
    """Return WCAG's contrast of two colors."""
    levels = [[int(one[place : place + 2], 16) / 255 for place in (1, 3, 5)] for one in (color, ground)]
    luminances = [
        sum(
            weight * (level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4)
            for weight, level in zip((0.2126, 0.7152, 0.0722), one, strict=True)
        )
        for one in levels
    ]
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


@pytest.mark.parametrize("ground", [0, 1])
def test_color_blind_people_distinguish_the_colors_of_categories(ground):
    colors = [pair[ground] for pair in SLOTS]
    assert len(set(colors)) == 16
    for one, other in itertools.combinations(colors, 2):
        for (here, name), (there, _) in zip(seen(one), seen(other), strict=True):
            assert np.linalg.norm(here - there) >= 0.06, (one, other, name)
    assert all(contrast(color, GROUND[ground]) >= 2.2 for color in colors)


def test_a_category_has_its_color_by_its_id_alone():
    colors = [color_of(pk) for pk in range(1, 100)]
    assert len(set(colors)) == N_FILLS == 32
    assert (color_of(5), color_of(21), color_of(37), color_of(None)) == (
        "slot-5", "slot-5-hatched", "slot-5", "uncategorized",
    )  # fmt: skip


@pytest.mark.parametrize("shape", ["bars", "stacked", "ranking", "lines"])
def test_bars_lines_and_the_legend_have_the_colors_of_their_lines(shape):
    lines = [Line("A", [Decimal(1), Decimal(2)], "slot-3"), Line("B", [Decimal(3), Decimal(4)], "slot-5")]
    root = elements(draw(chart(*lines, shape=shape)))
    dressed = {name for one in root.iter() for name in (one.get("class") or "").split() if name.startswith("slot-")}
    assert dressed == (
        {"slot-3-stroke", "slot-5-stroke", "slot-3", "slot-5"} if shape == "lines" else {"slot-3", "slot-5"}
    )


def test_single_bars_may_have_colors_of_their_own():
    line = Line("A", [Decimal(1), None, Decimal(2)], "ink", ["slot-3", "slot-4", "slot-5-hatched"])
    root = elements(draw(chart(line, labels=["a", "b", "c"], shape="ranking")))
    bars = [one for one in root.iter(f"{SVG}rect") if "tooltip-trigger" in (one.get("class") or "")]
    assert [((one.get("class") or "").split()[3:], one.get("style")) for one in bars] == [
        (["slot-3", "edgeless"], None),
        (["edgeless"], "fill:url(#slot-5-hatched)"),
    ]
    assert [one.get("id") for one in root.iter(f"{SVG}pattern")] == ["slot-5-hatched"]


def test_a_fan_reaches_from_the_least_to_the_greatest_value():
    line = Line("Expected", [None, Decimal(10), Decimal(20)], "second", style="broken")
    fan = Fan("Four of five", [None, Decimal(10), Decimal(5)], [None, Decimal(10), Decimal(1000)])
    root = elements(draw(chart(line, labels=["a", "b", "c"], shape="lines", fan=fan)))
    (area,) = root.iter(f"{SVG}polygon")
    assert (area[0].text, area.get("class")) == ("Four of five", "area")
    corners = [tuple(map(float, corner.split(","))) for corner in (area.get("points") or "").split()]
    (path,) = (one for one in root.iter(f"{SVG}path") if "second-stroke" in (one.get("class") or ""))
    assert path.get("stroke-dasharray") == "7 5"
    assert len(corners) == 4
    assert corners[0] == corners[3]
    assert corners[2][1] < corners[0][1] < corners[1][1]  # down is more


def test_a_chart_is_dark_for_those_who_prefer_it():
    drawn = draw(chart()).decode()
    light, dark = drawn.split("@media (prefers-color-scheme:dark)")
    assert GROUND[0] in light
    assert GROUND[1] in dark


def test_a_picture_is_a_png_of_twice_the_size():
    png = paint(draw(chart()))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 1800
    assert len(png) > 10_000  # letters are drawn, too


@pytest.mark.parametrize(
    ("title", "is_covered"), [("Café Ёλ … 5 €", True), ("食料品", False), ("עברית", False), ("☕", False)]
)
def test_letters_outside_the_package_come_from_the_machine(title, is_covered):
    assert bool(DRAWN_BY_ROBOTO.fullmatch(draw(chart(title=title)).decode())) is is_covered
    assert paint(draw(chart(title=title)))[:4] == b"\x89PNG"


def test_nothing_is_imported_before_something_is_drawn():
    program = (
        "import sys, insights.charts.drawing;print(sorted({'pygal', 'resvg_py', 'font_roboto'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.strip() == "[]"
