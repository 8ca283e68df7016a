"""Benchmarks write tables into the pages, and leave the rest of a page alone. Shown thresholds count."""

import re

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from benchmarks.docs_tables import DOCS, write_table
from expenses.categorization.model_record import MOST_TEXTS
from expenses.management.commands.model import Command as ModelCommand
from expenses.services.model_bench import LEAST_TEXTS
from providers.answer_record import ASKED_ONE_IN, AnswerRecord
from providers.calibration import LEAST_OUTCOMES
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


def test_the_page_about_models_names_the_default_and_the_limits():
    page = (DOCS / "models.md").read_text()
    assert f"| `{settings.OLLAMA_MODEL}`, the default |" in page
    assert (LEAST_TEXTS, LEAST_OUTCOMES, ASKED_ONE_IN, MOST_TEXTS) == (10, 30, 10, 300)
    assert "and the latest 300 texts count." in (DOCS / "chain.md").read_text()
    assert "Ten texts are the least." in page
    assert "is asked about one text in ten, after 30 outcomes." in page


def test_the_decision_about_the_model_shows_the_weights_of_the_formula():
    page = (DOCS / "decisions" / "0025-the-model-is-weighed.md").read_text()
    for share in (90, 30):
        weights = [
            AnswerRecord("model", n=n, n_right=n * share // 100, by_chance=0.1).evidence(n_offered=18)
            for n in (0, 10, 30, 100, 300)
        ]
        told = " | ".join(f"{weight:.2f}" for weight in weights)
        assert f"| weight of a certain answer, {share} percent right | {told} |" in page


def test_the_page_of_the_model_names_each_of_its_commands():
    table = (DOCS / "model.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `manage\.py model (\w+)[^`]*` \|", table, re.MULTILINE) == list(ModelCommand.actions)
