"""Tasks in Redis: a queue for each priority, and the database while Redis is away."""

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import django_rq
from django.conf import settings
from django_rq.queues import DjangoRQ
from django_tasks import TaskResult, task_backends
from django_tasks.base import Task
from django_tasks_rq import Job as TaskJob
from django_tasks_rq import RQBackend
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue as RedisQueue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.results import Result

from accounts.queue import MODEL_QUEUE
from config.backends import KEEP_FAILED_S, MODEL_QUEUES, TASK_QUEUES, TASK_TIMEOUT_S
from config.redis.cache import connection_options

FIRST, LAST = TASK_QUEUES
MODEL_RETRY, MODEL_FIRST, MODEL, MODEL_LAST = MODEL_QUEUES
#: Tasks of the model above this priority go before its questions.
RETRY_ABOVE = 10

logger = logging.getLogger(__name__)


@cache
def redis_client() -> Redis:
    """Return the client of TASKS_URL, which gives up soon. Its calls raise RedisError while Redis is away."""
    return Redis.from_url(settings.RQ_QUEUES[FIRST]["URL"], **connection_options())


class RedisBackend(RQBackend):
    """Puts a low priority into a queue of its own, and a task into the database while Redis is away."""

    supports_priority = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        try:
            redis_client().ping()  # fails quickly, which the client of the queue does not
            return super().enqueue(task.using(queue_name=_queue_of(task)), args, kwargs)
        except RedisError as error:
            logger.warning("Redis does not answer (%s); a task is kept in the database.", type(error).__name__)
            return task_backends["kept"].enqueue(task.using(backend="kept", queue_name=FIRST), args, kwargs)

    def purge(self, path: str, ids: Collection[int]) -> None:
        """Delete the tasks at this dotted path whose first argument is one of the ids, whether waiting or failed.

        A running task is deleted by its worker when it ends, since a failure would store its arguments again. Tasks
        that remain because Redis is away find nothing to do.
        """
        try:
            for job in _all_jobs():
                if job.func_name == path and job.args and job.args[0] in ids:
                    redis_client().set(_purge_key(job), 1, ex=2 * TASK_TIMEOUT_S)
                    _delete(job)
        except RedisError as error:
            logger.warning("Redis does not answer (%s); it keeps tasks of a deleted user.", type(error).__name__)


def _queue_of(task: Task[Any, Any]) -> str:
    """Return the queue of the task's priority, among those of the model if it calls the model."""
    if task.queue_name == MODEL_QUEUE:
        if task.priority > 0:
            return MODEL_RETRY if task.priority > RETRY_ABOVE else MODEL_FIRST
        return MODEL_LAST if task.priority < 0 else MODEL
    return LAST if task.priority < 0 else FIRST


def purge_if_marked(job: Job) -> None:
    """Delete a task that has ended, if it was purged while it ran. Raises RedisError."""
    if redis_client().delete(_purge_key(job)):
        _delete(job)


def _all_jobs() -> Iterator[Job]:
    """Yield every task in the order of its life, so that none is missed while it moves to the next registry."""
    for name in (*TASK_QUEUES, *MODEL_QUEUES):
        queue = django_rq.get_queue(name, connection=redis_client(), job_class=TaskJob)
        yield from _fetch(queue, queue.scheduled_job_registry.get_job_ids(cleanup=False))
        yield from _fetch(queue, queue.get_job_ids())
        yield from _fetch(queue, queue.started_job_registry.get_job_ids(cleanup=False))
        yield from _fetch(queue, queue.failed_job_registry.get_job_ids(cleanup=False))


def _fetch(queue: RedisQueue, ids: Iterable[str]) -> Iterator[Job]:
    for job_id in ids:
        with suppress(NoSuchJobError):  # it has ended meanwhile
            yield TaskJob.fetch(job_id, connection=redis_client(), serializer=queue.serializer)


def _delete(job: Job) -> None:
    Result.delete_all(job)  # which may quote the arguments of the task
    job.delete()


def _purge_key(job: Job) -> str:
    return f"outlay:forgotten:{job.id}"


class Queue(DjangoRQ):
    """Deletes a failed task and its arguments as soon as the task table does, and a successful one at once."""

    def create_job(self, *args: Any, **kwargs: Any) -> Job:
        return super().create_job(*args, **{"failure_ttl": KEEP_FAILED_S, "result_ttl": 0} | kwargs)
