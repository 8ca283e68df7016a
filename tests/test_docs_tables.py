"""Benchmarks write tables into the pages, and leave the rest of a page alone. Shown thresholds count."""

import re

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from benchmarks.docs_tables import DOCS, write_table
from providers.interface import ONLY_SUGGESTS

PAGE = """# Speed

<!-- table: speed -->

| rows | 10 |
| --- | --- |
| fast | 1 |

The end.
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_a_table_is_replaced_and_the_text_around_it_stays(page):
    write_table(page, "speed", ["rows", "10", "100"], [["fast", "2", "3"], ["slow", "4", "5"]])

    table = "| rows | 10 | 100 |\n| --- | --- | --- |\n| fast | 2 | 3 |\n| slow | 4 | 5 |\n"
    assert page.read_text() == f"# Speed\n\n<!-- table: speed -->\n\n{table}\nThe end.\n"


def test_the_first_table_is_written_where_only_the_marker_is(page):
    page.write_text("<!-- table: speed -->\n\nThe end.\n")

    write_table(page, "speed", ["rows", "10"], [["fast", "1"]])

    assert page.read_text() == "<!-- table: speed -->\n\n| rows | 10 |\n| --- | --- |\n| fast | 1 |\n\nThe end.\n"


def test_a_page_without_the_marker_is_not_changed(page):
    with pytest.raises(ValueError, match="has no line <!-- table: size -->"):
        write_table(page, "size", ["rows"], [])

    assert page.read_text() == PAGE


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("accuracy on statements", "learning.md"),
        ("accuracy over years", "learning.md"),
        ("young ledgers", "calibration.md"),
    ],
)
def test_the_pages_have_a_place_for_each_table(name, page):
    assert f"<!-- table: {name} -->\n" in (DOCS / page).read_text()


def test_the_chain_page_shows_the_thresholds_of_the_settings():
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", (DOCS / "chain.md").read_text(), re.MULTILINE)
    shown = dict(rows)
    set_here = {
        import_string(link["BACKEND"]).name: link.get("MIN_CONFIDENCE") for link in settings.CATEGORIZATION_PROVIDERS
    }
    assert shown["rule"].startswith("always")
    assert set_here.pop("rule") is None
    for name, threshold in set_here.items():
        expected = "never, unless" if threshold == ONLY_SUGGESTS else f"{threshold:.2f}"
        assert shown[name].startswith(expected), name
