"""Benchmarks write tables into the pages, and leave the rest of a page alone."""

import pytest

from benchmarks.docs_tables import DOCS, write_table

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
