"""Runs, which write many rows, seen from outside."""

from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

STATEMENT = b"""Date;Payee;Amount;Currency
2026-11-02;Cafe Luna;-5.50;EUR
2026-11-03;Book shop;-12.00;EUR
2026-11-13;ACME payroll;3200.00;EUR
"""


@pytest.fixture
def run(ana, settings, tmp_path):
    """The run of a committed import."""
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})
    file = SimpleUploadedFile("november.csv", STATEMENT, content_type="text/csv")
    answer = ana.post("imports/", {"file": file, "account": "Checking"}, format="multipart")
    assert answer.status_code == 201, answer.content
    answer = ana.post(f"imports/{answer.json()['id']}/commit/")
    assert answer.status_code == 202, answer.content
    return answer.json()


def test_a_run_waits_then_works_then_tells_how_it_ended(ana, run, run_tasks):
    datetime.fromisoformat(run["created_at"])
    assert run == {
        "id": run["id"],
        "kind": "import",
        "status": "pending",
        "progress": {"done": 0, "total": 3},
        "counts": {},
        "created_at": run["created_at"],
        "started_at": None,
        "finished_at": None,
        "error": None,
        "note": "No worker is running, and the run needs one. "
        "`make run` restarts its own; elsewhere, start `manage.py work`.",
    }
    assert ana.get(f"runs/{run['id']}/").json() == run
    run_tasks()
    ended = ana.get(f"runs/{run['id']}/").json()
    assert run["created_at"] <= ended["started_at"] <= ended["finished_at"]
    assert ended["counts"]["created"] == 3
    stamps = {name: ended[name] for name in ("started_at", "finished_at", "counts")}
    assert ended == run | stamps | {"status": "succeeded", "progress": {"done": 3, "total": 3}, "note": None}
    assert ana.get("runs/").json() == {"count": 1, "next": None, "previous": None, "results": [ended]}


def test_runs_are_only_read(ana, run):
    for method in ("put", "patch", "delete"):
        assert_problem(getattr(ana, method)(f"runs/{run['id']}/", {}), 405, (None, "method_not_allowed"))
    assert_problem(ana.post("runs/", {}), 405, (None, "method_not_allowed"))


def test_a_stranger_sees_no_run(run, ben):
    assert ben.get("runs/").json()["results"] == []
    assert_problem(ben.get(f"runs/{run['id']}/"), 404, (None, "not_found"))
