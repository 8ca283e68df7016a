"""Runs the task worker, which first takes up what a crash interrupted."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from expenses.tasks import resume_resolving, resume_runs
from statements.tasks import resume_reading

KEEP_FINISHED_DAYS = 7


class Command(BaseCommand):
    """`manage.py work`"""

    help = "Run background tasks until it is told to stop. Any number of workers may run."

    def handle(self, *args: Any, **options: Any) -> None:
        n_resumed = resume_resolving() + resume_runs() + resume_reading()
        if n_resumed:
            self.stdout.write(f"Taking up what waits from before: {n_resumed} tasks.")
        call_command("prune_db_task_results", min_age_days=KEEP_FINISHED_DAYS, verbosity=0)
        call_command("db_worker", interval=0.5, startup_delay=False, reload=False, verbosity=0)
