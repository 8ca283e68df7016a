"""Runs the task worker, which first takes up what a crash interrupted."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from config.housekeeping import tidy_now_and_then
from config.warming import warm_up
from expenses.services.runs import resume_runs
from expenses.tasks import resume_learning, resume_resolving
from insights.services.refreshing import resume_refreshing
from rules.tasks import resume_looking
from statements.tasks import resume_reading


class Command(BaseCommand):
    """`manage.py work`"""

    help = "Run background tasks until it is told to stop. Any number of workers may run."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.RQ_QUEUES:
            _require_redis()
        n_resumed = resume_resolving() + resume_runs() + resume_reading() + resume_looking() + resume_learning()
        resume_refreshing()
        if n_resumed:
            self.stdout.write(f"Taking up what waits from before: {n_resumed} tasks.")
        tidy_now_and_then()
        warm_up()
        if settings.RQ_QUEUES:
            _work_on_redis()
        else:
            call_command("db_worker", interval=0.5, startup_delay=False, reload=False, verbosity=0)


def _require_redis() -> None:
    """Raises CommandError before anything is queued; the supervisor tries again."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - slow, and the embedded engines need no Redis

    from config.redis_tasks import redis_client  # noqa: PLC0415

    try:
        redis_client().ping()
    except RedisError as error:
        raise CommandError(f"The Redis of TASKS_URL does not answer ({type(error).__name__}).") from None


def _work_on_redis() -> None:
    from config.task_worker import run_worker  # noqa: PLC0415 - as above

    run_worker()
