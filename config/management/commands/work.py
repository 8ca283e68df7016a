"""Runs the task worker, which first resumes what a crash interrupted."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from accounts.queue import MODEL_QUEUE
from config.backends import MODEL_QUEUES, TASK_QUEUES
from config.processes.housekeeping import keep_watch, tidy_every_hour
from config.processes.lane import has_lane, open_lane
from config.processes.preload import preload
from expenses.services.runs import resume_runs
from expenses.tasks import resume_learning, resume_resolving
from insights.services.asking import resume_asking
from insights.services.refreshing import resume_refreshing
from rules.tasks import resume_looking
from statements.tasks import resume_reading


class Command(BaseCommand):
    """`manage.py work`"""

    help = "Run background tasks until stopped. Any number of workers may run."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.RQ_QUEUES:
            _require_redis()  # before anything is queued; the supervisor tries again
        keep_watch()
        n_resumed = resume_resolving() + resume_runs() + resume_reading() + resume_looking() + resume_learning()
        n_resumed += resume_asking()
        resume_refreshing()
        if n_resumed:
            self.stdout.write(f"Starting with waiting work: {n_resumed} tasks.")
        tidy_every_hour()
        preload()
        if has_lane():
            open_lane()
        if settings.RQ_QUEUES:
            from config.redis.worker import run_worker  # noqa: PLC0415 - slow, and the embedded queue needs no Redis

            run_worker(queues=TASK_QUEUES if has_lane() else (*TASK_QUEUES, *MODEL_QUEUES))
        else:
            queues = {"queue_name": "*", "exclude_queues": MODEL_QUEUE if has_lane() else ""}
            call_command("db_worker", **queues, interval=0.5, startup_delay=False, reload=False, verbosity=0)


def _require_redis() -> None:
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    from config.redis.tasks import redis_client  # noqa: PLC0415

    try:
        redis_client().ping()
    except RedisError as error:
        raise CommandError(f"The Redis of TASKS_URL does not answer ({type(error).__name__}).") from None
