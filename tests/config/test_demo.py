"""The demo: its statements, and what the command shows of them."""

import shlex
from io import StringIO
from string import Template

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings

from config.demo import year
from expenses.models import Transaction
from providers.loading import configured_chain
from statements.formats import importer_for
from statements.importer import RowError, StatementRow
from tests.conftest import make_user
from tests.pages import Request

STATEMENTS = {
    "giro.csv": (78, "3280.99"),
    "giro-continued.csv": (147, "6882.70"),
    "taler-card.csv": (111, "0.00"),
    "harbour-and-tide.csv": (55, "256.05"),
    "cascade-card.csv": (65, "0.00"),
}
N_OVERLAPPING = 5


@pytest.mark.parametrize("filename", STATEMENTS)
def test_demo_statements_are_read_without_errors_or_questions(filename):
    data = (year.FOLDER / filename).read_bytes()
    importer = importer_for(data)
    reading = importer.detect(data)
    records = list(importer.read(data, reading.profile))
    rows = [record for record in records if isinstance(record, StatementRow)]
    assert [record for record in records if isinstance(record, RowError)] == []
    assert reading.questions == []
    assert (len(rows), str(sum(row.amount for row in rows))) == STATEMENTS[filename]


def test_every_statement_of_the_folder_belongs_to_the_demo():
    used = {statement.filename for statement in (year.FIRST_STATEMENT, *year.LATER_STATEMENTS)}
    assert used == {path.name for path in year.FOLDER.glob("*.csv")} == set(STATEMENTS)


@pytest.fixture(scope="class")
def demo_shown(django_db_setup, django_db_blocker, tmp_path_factory):
    """Run the demo once for a class, give its output, and roll its year of statements back."""
    out = StringIO()
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("demo")),
        transaction.atomic(),
    ):
        call_command("demo", "--no-serve", stdout=out)
        yield out.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def shown(demo_shown, db):
    return demo_shown


class TestAYearOfStatements:
    def test_the_demo_records_each_row_once(self, shown):
        n_rows = sum(n for n, _ in STATEMENTS.values()) - N_OVERLAPPING
        assert Transaction.objects.count() == n_rows
        assert f"\n{n_rows} rows in " in shown

    def test_two_equal_coffees_on_one_day_are_two_rows(self, shown):
        coffees = Transaction.objects.filter(raw_description__startswith="KAFFEEROESTEREI", amount="3.60")
        assert [str(row.date) for row in coffees.order_by("date")] == ["2026-03-13", "2026-03-13", "2026-03-27"]

    def test_the_table_has_rows_of_every_link_that_answers_at_once(self, shown):
        immediate = [link.provider.name for link in configured_chain().links if not link.is_deferred]
        for source in ["user", *immediate, "nobody"]:
            assert f"  {source}: " in shown

    def test_the_counts_of_all_sources_add_up_to_all_rows(self, shown):
        counts = [line.split() for line in shown.splitlines() if " rows  " in line]
        names = ["user", *(link.provider.name for link in configured_chain().links), "nobody"]
        assert [words[0] for words in counts] == names
        assert sum(int(words[1]) for words in counts) == Transaction.objects.count()

    def test_the_table_fits_the_terminal(self, shown):
        table, _, _ = shown.partition("\nuser ")
        assert max(map(len, table.splitlines())) == 120

    def test_each_step_of_the_progress_is_told_once(self, shown):
        steps, _, _ = shown.partition("\n451 rows in ")
        assert len(steps.splitlines()) == 1 + year.N_STEPS

    def test_every_command_that_it_ends_with_shows_something(self, shown):
        _, _, commands = shown.partition("another terminal")
        variables, answers = dict[str, str](), []
        for words in (shlex.split(line) for line in commands.splitlines() if line.startswith("  ")):
            if words[0] == "curl":
                end = words.index("|") if "|" in words else None
                sent = [Template(word).substitute(variables) for word in words[1:end]]
                request = Request.of(sent, project.BASE_DIR)
                answers.append(request.send())
                assert request.url.startswith("http://127.0.0.1:8000/api/v1/")
                assert answers[-1].status_code == 200, answers[-1].content
            else:
                variables |= dict(word.split("=", 1) for word in words)
        summary, picture, explanation, corrected, suggestion, review = answers
        assert len(summary.json()["by_category"]) > 5
        assert picture.content.startswith(b"\x89PNG")
        assert [a["provider"] for a in explanation.json()["attempts"]][-1] == "history"
        pub = corrected.json()
        assert (pub["merchant"], pub["category_name"]) == ("ZUM SCHIEFEN ECK KOELN", "Dining")
        assert (pub["kind"], pub["categorization"]["source"]) == ("expense", "user")
        assert (suggestion.json()["category_name"], suggestion.json()["source"]) == ("Dining", "history")
        assert len(review.json()["results"]) == 3

    def test_commands_show_json_on_lines_of_its_own(self, shown):
        curls = [line for line in shown.splitlines() if line.startswith("  curl")]
        assert len(curls) == 6
        assert all(line.endswith((" | python3 -m json.tool", " -o year.png")) for line in curls)


def test_the_demo_leaves_a_used_folder_alone(db):
    make_user("ana")
    with pytest.raises(CommandError, match="make demo"):
        call_command("demo", "--no-serve", stdout=StringIO())
    assert not Transaction.objects.exists()


def test_an_unusable_port_stops_the_demo_at_once(settings, socket_enabled):
    settings.HOST = "192.0.2.1"  # an address that no machine has
    with pytest.raises(CommandError, match="OUTLAY_PORT=8001"):
        call_command("demo", stdout=StringIO())
