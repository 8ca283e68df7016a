"""The worker of tasks in Redis: it keeps what it loaded, and takes along what was kept in the database meanwhile.

What is lost with a worker, or with Redis itself, is known from the ledger: `manage.py work` takes it up first.
"""

from datetime import datetime
from multiprocessing.util import register_after_fork
from typing import Any

import django_rq
from django.db import close_old_connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_rq import Job as TaskJob
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.registry import ScheduledJobRegistry

from config.engines import TASK_QUEUES
from config.forgetting import forget_if_marked
from config.queueing import redis_client
from config.supervisor import end_with_parent

#: How often a worker looks after tasks that Redis was not there for, and after other workers' remains.
MAINTENANCE_S = 30


class TaskWorker(SimpleWorker):
    """Runs tasks in this process, where the chain stays loaded; whoever supervises it starts it anew after a crash."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        close_old_connections()
        super().execute_job(job, queue)
        forget_if_marked(job)
        close_old_connections()

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        close_old_connections()
        forward_kept_tasks()


def run_worker(*, burst: bool = False) -> None:
    """Run tasks until told to stop, or with `burst` until none is due. Raises RedisError when Redis is away."""
    worker = django_rq.get_worker(
        *TASK_QUEUES,
        job_class=TaskJob,
        worker_class=TaskWorker,  # type: ignore[arg-type]  # it takes any worker
        serializer="rq.serializers.JSONSerializer",
        worker_ttl=MAINTENANCE_S + 15,  # an idle worker wakes up 15 s before that
        maintenance_interval=MAINTENANCE_S,
        log_job_description=False,
    )
    # A worker that was killed would live on in its scheduler, which has its connections, and so its locks.
    register_after_fork(worker, end_with_parent)
    worker.work(burst=burst, with_scheduler=True, logging_level="WARNING")


def forward_kept_tasks() -> int:
    """Put the tasks that wait in the database into Redis, whichever setting left them there. Returns how many."""
    n_forwarded = 0
    for pk in DBTaskResult.objects.filter(status=TaskResultStatus.READY).values_list("pk", flat=True):
        with transaction.atomic():  # a crash in between leaves it in both, and a task may be done twice
            row = DBTaskResult.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is not None:
                _forward(row)
                n_forwarded += 1
    return n_forwarded


def _forward(row: DBTaskResult[Any, Any]) -> None:
    task: Task[Any, Any] = import_string(row.task_path)
    run_after = None if row.run_after == get_date_max() else row.run_after
    again = task.using(priority=row.priority, run_after=run_after)
    again.enqueue(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
    row.delete()


def count_overdue(*, since: datetime) -> int:
    """Tasks in Redis that should have begun before the instant, or wait behind one. Raises RedisError."""
    return sum(_n_queued_behind(name, since) + _n_scheduled(name, since) for name in TASK_QUEUES)


def _n_queued_behind(name: str, since: datetime) -> int:
    queue = django_rq.get_queue(name, connection=redis_client(), job_class=TaskJob)
    oldest = queue.get_jobs(0, 1)
    return queue.count if oldest and _queued_at(oldest[0]) < since else 0


def _queued_at(job: Job) -> datetime:
    return job.enqueued_at or timezone.now()


def _n_scheduled(name: str, since: datetime) -> int:
    scheduled = ScheduledJobRegistry(name, connection=redis_client())  # type: ignore[no-untyped-call]
    return int(redis_client().zcount(scheduled.key, "-inf", int(since.timestamp())))
