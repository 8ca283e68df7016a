"""Takes what was queued for a person who leaves out of Redis, where no deletion of rows would find it."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

import django_rq
from django_tasks_rq import Job as TaskJob
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.results import Result

from config.engines import TASK_QUEUES, TASK_TIMEOUT_S
from config.queueing import redis_client


def forget_jobs(path: str, ids: Collection[int]) -> None:
    """Delete the tasks that are called so and were queued for one of these ids, waiting or failed. Raises RedisError.

    One that runs ends as ever, and its worker forgets it then: it would write down anew what it was given if it failed.
    """
    for job in _jobs():
        if job.func_name == path and job.args and job.args[0] in ids:
            redis_client().set(_mark(job), 1, ex=2 * TASK_TIMEOUT_S)
            _forget(job)


def forget_if_marked(job: Job) -> None:
    """Delete a task that ended, if it was to be forgotten while it ran. Raises RedisError."""
    if redis_client().delete(_mark(job)):
        _forget(job)


def _jobs() -> Iterator[Job]:
    """Every one, in the order of its life, so that none slips past while it goes from one place to the next."""
    for name in TASK_QUEUES:
        queue = django_rq.get_queue(name, connection=redis_client(), job_class=TaskJob)
        yield from _fetch(queue, queue.scheduled_job_registry.get_job_ids(cleanup=False))
        yield from _fetch(queue, queue.get_job_ids())
        yield from _fetch(queue, queue.started_job_registry.get_job_ids(cleanup=False))
        yield from _fetch(queue, queue.failed_job_registry.get_job_ids(cleanup=False))


def _fetch(queue: Queue, ids: Iterable[str]) -> Iterator[Job]:
    for number in ids:
        with suppress(NoSuchJobError):  # it ended meanwhile
            yield TaskJob.fetch(number, connection=redis_client(), serializer=queue.serializer)


def _forget(job: Job) -> None:
    Result.delete_all(job)  # which may quote what the task was given
    job.delete()


def _mark(job: Job) -> str:
    return f"outlay:forgotten:{job.id}"
