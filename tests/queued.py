"""The tasks that wait, in whichever queue this run of the tests uses: the database's, or that of TASKS_URL."""

import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

#: What a worker does from its start to its end, after it took up what a crash left.
WORKER_LOOP = (
    "config.redis.worker.TaskWorker.work"
    if settings.RQ_QUEUES
    else "django_tasks_db.management.commands.db_worker.Worker.run"
)


def committed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the function, then do what it wants done on commit, such as queue a task. Return its result."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return function(*args, **kwargs)


def n_waiting(path: str = "") -> int:
    """How many wait that are called so, or at all, due or not."""
    if settings.RQ_QUEUES:
        return sum(job.func_name == path or not path for job in _jobs())
    return int(_rows(path).count())


def due_at(path: str) -> datetime:
    """When the one task that is called so is to run."""
    if settings.RQ_QUEUES:
        found = [(q, job) for q in _queues() for job in _scheduled(q) if job.func_name == path]
        [(queue, job)] = found
        at: datetime = queue.scheduled_job_registry.get_scheduled_time(job)
        return at
    moment: datetime = _rows(path).get().run_after
    return moment


def make_due(since: datetime | None = None) -> None:
    """The time of all that wait for it came at the instant, else now."""
    at = since or timezone.now()
    if settings.RQ_QUEUES:
        for queue in _queues():
            registry = queue.scheduled_job_registry
            if due := dict.fromkeys(registry.get_job_ids(), int(at.timestamp())):
                registry.connection.zadd(registry.key, due)
        return
    DBTaskResult.objects.filter(~Q(run_after=get_date_max()), status="READY").update(run_after=at)


def make_old() -> None:
    """All that wait were queued an hour ago."""
    hour_ago = timezone.now() - timedelta(hours=1)
    if settings.RQ_QUEUES:
        for job in _jobs():
            job.enqueued_at = hour_ago
            job.save()
        return
    DBTaskResult.objects.update(enqueued_at=hour_ago)


def lose_all() -> None:
    """Every task is gone, as after a crash of the queue."""
    if settings.RQ_QUEUES:
        for job in list(_jobs()):
            job.delete()
        return
    DBTaskResult.objects.all().delete()


def n_failed() -> int:
    """How many tasks raised."""
    if settings.RQ_QUEUES:
        return sum(queue.failed_job_registry.get_job_count() for queue in _queues())
    return DBTaskResult.objects.failed().count()


def everything() -> list[str]:
    """Every task in whatever state, with all that is kept about it."""
    rows = [str(row) for row in DBTaskResult.objects.order_by("pk").values()]
    if not settings.RQ_QUEUES:
        return rows
    client = _queues()[0].connection
    keys = sorted(key for pattern in ("rq:job:*", "rq:results:*") for key in client.scan_iter(pattern))
    return rows + [f"{key} {_content(client, key)}" for key in keys]


def run_due() -> None:
    """Run what is due, and what that leaves behind, until nothing is due."""
    if settings.RQ_QUEUES:
        from config.redis.worker import run_worker  # noqa: PLC0415

        run_worker(queues=list(settings.RQ_QUEUES), burst=True)
    else:
        call_command(
            "db_worker", queue_name="*", batch=True, interval=0, startup_delay=False, reload=False, verbosity=0
        )


def _content(client, key):
    if client.type(key) == b"stream":
        return client.xrange(key)
    fields = client.hgetall(key)
    return fields | {b"data": zlib.decompress(fields[b"data"])} if b"data" in fields else fields


def _rows(path: str) -> Any:
    waiting = DBTaskResult.objects.filter(status="READY")
    return waiting.filter(task_path=path) if path else waiting


def _queues() -> list[Any]:
    import django_rq  # noqa: PLC0415 - only this queue needs its settings
    from django_tasks_rq import Job  # noqa: PLC0415

    return [django_rq.get_queue(name, job_class=Job) for name in settings.RQ_QUEUES]


def _jobs() -> Iterator[Any]:
    for queue in _queues():
        yield from queue.get_jobs()
        yield from _scheduled(queue)


def _scheduled(queue):
    return [queue.fetch_job(job_id) for job_id in queue.scheduled_job_registry.get_job_ids()]
