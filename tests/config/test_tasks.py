"""Tasks run alike on every queue: the more important first, each at its time, and none lost while Redis is away."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.utils import timezone
from django_tasks import task, task_backends
from django_tasks_db.models import DBTaskResult

from accounts.queue import enqueue
from config import backends
from tests import queued
from tests.api.health_parts import part

PATH = "tests.config.test_tasks.note"
done: list[str] = []

needs_redis = pytest.mark.skipif(not configured.RQ_QUEUES, reason="TASKS_URL is not set: .ci/engines make test")


@task()
def note(word: str, more: dict[str, Any] | None = None) -> None:
    done.append(word if more is None else f"{word} {more}")


@task()
def fail() -> None:
    raise ValueError("as the test wants")


@pytest.fixture(autouse=True)
def _nothing_done(db):
    done.clear()


def test_tasks_run_by_priority_then_in_order(run_tasks):
    low = note.using(priority=-10)
    low.enqueue("low")
    note.enqueue("first", {"a": ["ä", 1, None]})
    low.enqueue("lower")
    note.enqueue("second")
    run_tasks()
    assert done == ["first {'a': ['ä', 1, None]}", "second", "low", "lower"]
    assert queued.n_waiting() == 0


def test_a_task_for_later_waits_for_its_time(run_tasks):
    at = timezone.now() + timedelta(minutes=5)
    note.using(run_after=at, priority=-10).enqueue("later")
    run_tasks()
    assert (done, queued.n_waiting(PATH)) == ([], 1)
    assert abs(queued.due_at(PATH) - at) <= timedelta(seconds=1)
    queued.make_due()
    run_tasks()
    assert (done, queued.n_waiting(PATH)) == (["later"], 0)


def test_a_dotted_path_queues_its_task_on_commit(run_tasks, django_capture_on_commit_callbacks):
    at = timezone.now() + timedelta(minutes=5)
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(PATH, "low", priority=-10)
        enqueue(PATH, "first", {"a": 1})
        enqueue(PATH, "later", run_after=at)
        assert queued.n_waiting() == 0
    run_tasks()
    assert (done, queued.n_waiting(PATH)) == (["first {'a': 1}", "low"], 1)
    assert abs(queued.due_at(PATH) - at) <= timedelta(seconds=1)


def test_a_rollback_queues_nothing(run_tasks):
    with suppress(ValueError), transaction.atomic():
        enqueue(PATH, "never")
        raise ValueError
    run_tasks()
    assert (done, queued.n_waiting()) == ([], 0)


@pytest.mark.logs_errors
def test_a_task_that_raises_stops_no_other(run_tasks):
    fail.enqueue()
    note.enqueue("next")
    run_tasks()
    assert (done, queued.n_failed(), queued.n_waiting()) == (["next"], 1, 0)


@pytest.fixture
def without_model(use_chain):
    use_chain()


def tasks_part(anyone):
    [found] = [each for each in anyone.get("health/ready/").json()["parts"] if each["name"] == "tasks"]
    return found


def test_tasks_that_wait_too_long_are_told(anyone, without_model):
    note.enqueue("waiting")
    assert tasks_part(anyone) == part("tasks")
    queued.make_old()
    assert tasks_part(anyone) == part("tasks", "failing", "1 tasks wait; is the worker running?")


def test_a_task_that_nobody_took_at_its_time_is_told(anyone, without_model):
    note.using(run_after=timezone.now() + timedelta(minutes=5)).enqueue("later")
    assert tasks_part(anyone) == part("tasks")
    queued.make_due(timezone.now() - timedelta(minutes=5))
    assert tasks_part(anyone) == part("tasks", "failing", "1 tasks wait; is the worker running?")


@pytest.fixture
def redis_away(settings, tmp_path, monkeypatch):
    """Tasks go to a Redis that is not there."""
    monkeypatch.setenv("TASKS_URL", f"unix://{tmp_path / 'redis.sock'}")
    settings.TASKS, settings.RQ_QUEUES = backends.tasks(), backends.task_queues()
    from config.redis.tasks import redis_client  # noqa: PLC0415 - which is not needed without TASKS_URL

    redis_client.cache_clear()
    yield task_backends
    redis_client.cache_clear()


def test_the_database_keeps_tasks_while_redis_is_away(redis_away):
    note.using(priority=-10).enqueue("kept", {"a": 1})
    [row] = DBTaskResult.objects.all()
    assert (row.task_path, row.priority, row.backend_name, row.status) == (PATH, -10, "kept", "READY")
    assert row.args_kwargs == {"args": ["kept", {"a": 1}], "kwargs": {}}


def test_writing_goes_on_while_redis_is_away(ana, without_model, redis_away):
    answer = ana.post("expenses/", {"amount": "4.50", "description": "Luna"})
    assert answer.status_code == 201
    detail = "Redis does not answer (ConnectionError); tasks are kept in the database."
    assert tasks_part(ana) == part("tasks", "failing", detail)


@needs_redis
def test_what_was_kept_meanwhile_runs_when_redis_is_back(run_tasks):
    at = timezone.now() + timedelta(minutes=5)
    kept = note.using(backend="kept")
    kept.enqueue("soon", {"a": 1})
    kept.using(run_after=at).enqueue("later")
    run_tasks()
    assert done == ["soon {'a': 1}"]
    assert not DBTaskResult.objects.exists()
    assert abs(queued.due_at(PATH) - at) <= timedelta(seconds=1)
