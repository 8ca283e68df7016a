"""An import is recorded in chunks, which share the chain's answers: nobody can tell where one ends."""

import datetime as dt

import pytest
from django.utils import timezone

from expenses.models import Decision, Transaction
from expenses.services.deletion import purge_deleted
from expenses.services.runs import perform_run
from expenses.services.statement_rows import record_statement_rows
from statements.services import imports
from tests.api.test_imports import HISTORY, MERCHANTS, RULES, upload

HEADER = "Date;Description;Amount;Currency\n"
ROWS = [
    f"2026-03-{day:02};{text};-{day}.50;EUR\n"
    for day in range(1, 6)
    for text in ("REWE SAGT DANKE", "Kiosk Blorf", "PHARMACY")
]
FILE = HEADER + "".join(ROWS)


@pytest.fixture(autouse=True)
def _instance(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain(RULES, HISTORY, MERCHANTS)


@pytest.fixture(autouse=True)
def giro(ana):
    """Ana's account."""
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR", "country": "DE"}).json()


def shown(api):
    """Return the rows as the API shows them, without what differs from one recording to the next."""
    rows = api.get("transactions/?page_size=100&ordering=date").json()["results"]
    left_out = {"id", "version", "created_at", "updated_at", "import"}
    return sorted(
        (
            {name: value for name, value in row.items() if name not in left_out and name != "categorization"}
            | {"explanation": row["categorization"]["explanation"]}
            for row in rows
        ),
        key=lambda row: (row["date"], row["description"]),
    )


def record(api, text):
    """Upload a file, commit it and return the counts of the run."""
    statement = upload(api, text, account="Giro").json()
    number = api.post(f"imports/{statement['id']}/commit/").json()["id"]
    perform_run(run_id=number)
    return number, api.get(f"runs/{number}/").json()["counts"]


def test_the_size_of_chunks_changes_nothing_and_a_revert_takes_every_row_away(ana, monkeypatch):
    seen = []
    for size in (1, 4, 5000):
        monkeypatch.setattr(imports, "CHUNK", size)
        number, counts = record(ana, FILE)
        assert (counts["created"], counts["duplicates"]) == (15, 0)
        seen.append(shown(ana))
        assert ana.post(f"runs/{number}/revert/").status_code in {200, 202}
        assert not Transaction.everything.exists()
    assert seen[0] == seen[1] == seen[2]


def test_the_chunks_of_an_import_share_decisions(ana, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 3)
    record(ana, FILE)
    assert Decision.objects.count() <= 3


def test_two_halves_that_overlap_are_the_whole(ana):
    record(ana, HEADER + "".join(ROWS[:9]))
    _, counts = record(ana, HEADER + "".join(ROWS[6:]))
    assert (counts["created"], counts["duplicates"]) == (6, 3)
    halves = shown(ana)
    _, counts = record(ana, FILE)
    assert (counts["created"], counts["duplicates"]) == (0, 15)
    assert shown(ana) == halves


def test_rows_keep_their_reasons_when_others_of_their_kind_are_deleted_for_good_meanwhile(ana, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 3)
    statement = upload(ana, FILE, account="Giro").json()
    number = ana.post(f"imports/{statement['id']}/commit/").json()["id"]

    def record_and_delete(**what):
        record_statement_rows(**what)
        for row in ana.get("transactions/?page_size=100").json()["results"]:
            if row["date"] == "2026-03-01":
                assert ana.delete(f"transactions/{row['id']}/").status_code == 204
        purge_deleted(before=timezone.now() + dt.timedelta(days=1))

    monkeypatch.setattr(imports, "record_statement_rows", record_and_delete)
    perform_run(run_id=number)
    assert ana.get(f"runs/{number}/").json()["status"] == "succeeded"
    rows = Transaction.everything.all()
    assert len(rows) == 12
    assert all(row.decision is not None and row.decision.explanation for row in rows)
