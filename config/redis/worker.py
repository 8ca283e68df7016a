"""The worker of tasks in Redis. It keeps what it has loaded, and takes over tasks that the database holds.

A task that is lost with a worker, or with Redis itself, is known from the ledger: `manage.py work` queues it again.
"""

from collections.abc import Sequence
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
from rq.timeouts import BaseDeathPenalty

from config.backends import MODEL_QUEUES
from config.processes.supervisor import end_with_parent
from config.redis.tasks import purge_if_marked, redis_client

#: How often a worker looks for tasks in the database, and for the remains of other workers.
MAINTENANCE_S = 30


class TaskWorker(SimpleWorker):
    """Runs tasks in this process, where the chain stays loaded. A supervisor starts it again after a crash."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        close_old_connections()
        super().execute_job(job, queue)
        purge_if_marked(job)
        close_old_connections()

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        close_old_connections()
        forward_kept_tasks()


class _Endless(BaseDeathPenalty):
    """Takes the place of an alarm, which only the main thread can set. Every call to the model has its own deadline."""

    def setup_death_penalty(self) -> None:
        """Set no alarm."""

    def cancel_death_penalty(self) -> None:
        """Leave the alarms of others alone."""


class LaneWorker(TaskWorker):
    """Runs tasks in a thread, which gets no signals: it ends with its process, whatever it waits for."""

    death_penalty_class = _Endless

    def _install_signal_handlers(self) -> None:
        pass


def run_worker(*, queues: Sequence[str], burst: bool = False) -> None:
    """Run tasks until told to stop, or with `burst` until none is due. Raises RedisError while Redis is away."""
    worker = _worker(TaskWorker, queues)
    # The scheduler of a killed worker would live on, with its connections and therefore its locks.
    register_after_fork(worker, end_with_parent)
    worker.work(burst=burst, with_scheduler=True, logging_level="WARNING")


def run_model_tasks() -> None:
    """Run the tasks that call the model until none is due, in any thread. Raises RedisError while Redis is away."""
    if _has_due(MODEL_QUEUES):
        _worker(LaneWorker, MODEL_QUEUES).work(burst=True, with_scheduler=True, logging_level="WARNING")


def _has_due(queues: Sequence[str]) -> bool:
    now = int(timezone.now().timestamp())
    for name in queues:
        scheduled = ScheduledJobRegistry(name, connection=redis_client())  # type: ignore[no-untyped-call]
        if redis_client().llen(Queue.redis_queue_namespace_prefix + name):
            return True
        if redis_client().zcount(scheduled.key, "-inf", now):
            return True
    return False


def _worker(worker_class: type[TaskWorker], queues: Sequence[str]) -> TaskWorker:
    worker: TaskWorker = django_rq.get_worker(  # type: ignore[assignment]
        *queues,
        job_class=TaskJob,
        worker_class=worker_class,  # type: ignore[arg-type]  # it takes any worker
        serializer="rq.serializers.JSONSerializer",
        worker_ttl=MAINTENANCE_S + 15,  # an idle worker wakes up 15 s before that
        maintenance_interval=MAINTENANCE_S,
        log_job_description=False,
    )
    return worker


def forward_kept_tasks() -> int:
    """Move the tasks that wait in the database into Redis. Return their number."""
    n_forwarded = 0
    for pk in DBTaskResult.objects.filter(status=TaskResultStatus.READY).values_list("pk", flat=True):
        with transaction.atomic():  # after a crash in between it is in both, and may run twice
            row = DBTaskResult.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is not None:
                task: Task[Any, Any] = import_string(row.task_path)
                run_after = None if row.run_after == get_date_max() else row.run_after
                task = task.using(priority=row.priority, run_after=run_after)
                task.enqueue(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
                row.delete()
                n_forwarded += 1
    return n_forwarded


def count_overdue(*, queues: Sequence[str], since: datetime) -> int:
    """Return the number of tasks that should have begun before the instant, or wait behind one. Raises RedisError."""
    n_overdue = 0
    for name in queues:
        queue = django_rq.get_queue(name, connection=redis_client(), job_class=TaskJob)
        oldest = queue.get_jobs(0, 1)
        if oldest and (oldest[0].enqueued_at or timezone.now()) < since:
            n_overdue += queue.count
        scheduled = ScheduledJobRegistry(name, connection=redis_client())  # type: ignore[no-untyped-call]
        n_overdue += int(redis_client().zcount(scheduled.key, "-inf", int(since.timestamp())))
    return n_overdue
