"""Tasks in Redis: a queue for each priority, and a Redis that may be away."""

import logging
from collections.abc import Collection
from functools import cache
from typing import Any

from django.conf import settings
from django_rq.queues import DjangoRQ
from django_tasks import TaskResult, task_backends
from django_tasks.base import Task
from django_tasks_rq import RQBackend
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job

from config.caching import connection_options
from config.engines import KEEP_FAILED_S, TASK_QUEUES

FIRST, LAST = TASK_QUEUES

logger = logging.getLogger(__name__)


class RedisBackend(RQBackend):
    """Puts a low priority into a queue of its own, and keeps a task in the database while Redis is away."""

    supports_priority = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        queue = LAST if task.priority < 0 else FIRST
        try:
            redis_client().ping()  # quick to fail, which the client of the queue is not
            return super().enqueue(task.using(queue_name=queue), args, kwargs)
        except RedisError as error:
            logger.warning("Redis does not answer (%s); a task is kept in the database.", type(error).__name__)
            return task_backends["kept"].enqueue(task.using(backend="kept", queue_name=FIRST), args, kwargs)

    def forget(self, path: str, ids: Collection[int]) -> None:
        """Delete the tasks that are called so and were queued for one of these ids; what the erasing of a person asks.

        What is left because Redis is away finds nothing to do when it runs.
        """
        from config.forgetting import forget_jobs  # noqa: PLC0415 - which asks this module for the client

        try:
            forget_jobs(path, ids)
        except RedisError as error:
            logger.warning("Redis does not answer (%s); it keeps tasks of somebody who left.", type(error).__name__)


class Queue(DjangoRQ):
    """Forgets a failed task, with what it was given, as soon as the task table does; one that went well at once."""

    def create_job(self, *args: Any, **kwargs: Any) -> Job:
        return super().create_job(*args, **{"failure_ttl": KEEP_FAILED_S, "result_ttl": 0} | kwargs)


@cache
def redis_client() -> Redis:
    """The client of TASKS_URL that gives up soon; its calls raise RedisError when Redis is away."""
    return Redis.from_url(settings.RQ_QUEUES[FIRST]["URL"], **connection_options())
