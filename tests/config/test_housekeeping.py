"""Tidying deletes what was kept long enough, and nothing else."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.queue import MODEL_QUEUE
from config import backends
from config.processes.lane import delete_killed_tasks
from expenses.models import Tombstone, Transaction

COFFEE = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}


def tidy(**options):
    said = StringIO()
    call_command("tidy", stdout=said, **options)
    return said.getvalue().splitlines()


@pytest.fixture
def rows(ana, use_chain):
    """Record a live row, one deleted 29 days ago, and one deleted 31 days ago."""
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    live, recent, old = (ana.post("expenses/", COFFEE).json()["id"] for _ in range(3))
    for pk, days in ((recent, 29), (old, 31)):
        ana.delete(f"expenses/{pk}/")
        Transaction.everything.filter(pk=pk).update(deleted_at=timezone.now() - timedelta(days=days))
    return live, recent, old


def test_the_bin_is_emptied_after_30_days(rows):
    live, recent, old = rows
    assert tidy(dry_run=True)[0] == "1 transactions out of the bin would be removed."
    assert Transaction.everything.count() == 3
    assert tidy()[0] == "1 transactions out of the bin removed."
    assert set(Transaction.everything.values_list("pk", flat=True)) == {live, recent}
    assert set(Tombstone.objects.values_list("object_id", flat=True)) == {recent, old}
    assert tidy()[0] == "0 transactions out of the bin removed."


def test_files_that_belong_to_nothing_are_removed_after_a_day(ana, rows, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile("receipt.pdf", b"%PDF-1.7")
    ana.post(f"transactions/{rows[0]}/attachments/", {"file": file}, format="multipart")
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    old, new = tmp_path / "attachments" / "old", tmp_path / "attachments" / "new"
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for path in (old, new):
        path.write_bytes(b"half of a file")
    for path in (kept, old):
        os.utime(path, (two_days_ago, two_days_ago))
    assert tidy()[2] == "1 files that belong to nothing removed."
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {kept, new}


@pytest.fixture
def tasks(db, settings, monkeypatch):
    """Make tasks of both queues that ended 6 and 8 days ago, or still run, by their texts."""
    monkeypatch.delenv("TASKS_URL", raising=False)
    settings.TASKS, settings.RQ_QUEUES = backends.tasks(), backends.task_queues()

    def make(text, *, queue, status, days=0):
        at = timezone.now() - timedelta(days=days)
        DBTaskResult.objects.create(
            task_path="expenses.tasks.ask_model",
            args_kwargs={"args": [1, [{"description": text}]], "kwargs": {}},
            queue_name=queue,
            backend_name="default",
            status=status,
            started_at=at,
            finished_at=at if status != "RUNNING" else None,
        )

    for queue in ("default", MODEL_QUEUE):
        make(f"{queue} runs", queue=queue, status="RUNNING")
        make(f"{queue} 6 days", queue=queue, status="SUCCESSFUL", days=6)
        make(f"{queue} 8 days", queue=queue, status="SUCCESSFUL", days=8)
        make(f"{queue} failed", queue=queue, status="FAILED", days=8)


def texts_of_tasks():
    return {task.args_kwargs["args"][1][0]["description"] for task in DBTaskResult.objects.all()}


def test_tasks_of_every_queue_are_forgotten_7_days_after_their_end(tasks):
    tidy()
    assert texts_of_tasks() == {"default runs", "default 6 days", "model runs", "model 6 days"}


def test_a_task_that_was_killed_while_it_called_the_model_is_deleted_when_the_lane_opens_again(tasks):
    before = texts_of_tasks()
    delete_killed_tasks()
    assert texts_of_tasks() == before - {"model runs"}
