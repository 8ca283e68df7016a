"""Charts show their amounts to people and to screen readers, and load nothing."""

import re
import subprocess
import sys
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from insights.charts.drawing import COLORS, DRAWN_BY_ROBOTO, Chart, Line, draw, paint

SVG = "{http://www.w3.org/2000/svg}"
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
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org|pygal\.org|github\.com)", drawn)


def test_hostile_names_are_text():
    root = elements(draw(chart(Line(HOSTILE, [Decimal(1), None]), Line("b", [Decimal(2), Decimal(3)]), title=HOSTILE,
                               description=HOSTILE, labels=[HOSTILE, "b"])))  # fmt: skip
    assert list(root.iter(f"{SVG}script")) == []
    assert root[0].text == root[1].text == "</text><script>alert('x')</script> & \"<b>"


@pytest.mark.parametrize("shape", ["bars", "ranking"])
def test_long_names_are_cut(shape):
    texts = {one.text for one in elements(draw(chart(shape=shape, labels=["x" * 40, "short"]))).iter(f"{SVG}text")}
    assert {"x" * 27 + "…", "short"} <= texts
    assert "x" * 28 not in "".join(text or "" for text in texts)


def test_names_cannot_turn_a_line_around_or_break_it():
    name = "a\u202eb\u2066c\u2069\x85d\ne\tf\x7f\u200d"
    root = elements(draw(chart(shape="ranking", title=name, labels=[name, "b"])))
    assert root[0].text == "abc d e f\u200d"
    assert "abc d e f\u200d" in {one.text for one in root.iter(f"{SVG}text")}


def test_a_chart_of_nothing_is_a_chart():
    for labels, lines in [((), [Line("Spending", [])]), (("2026-11",), [Line("Spending", [None])])]:
        assert elements(draw(chart(*lines, labels=labels)))[0].text == "Spending"


def test_lines_have_colors_that_color_blind_people_distinguish():
    assert len(set(COLORS)) == len(COLORS) == 8
    drawn = draw(chart(*[Line(str(n), [Decimal(n), Decimal(1)]) for n in range(8)])).decode()
    assert all(color in drawn for color in COLORS)


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
