"""Runs the task worker, which first takes up what a crash interrupted."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.housekeeping import tidy_now_and_then
from expenses.tasks import resume_resolving
from statements.tasks import resume_imports


class Command(BaseCommand):
    """`manage.py work`"""

    help = "Run background tasks until it is told to stop. Any number of workers may run."

    def handle(self, *args: Any, **options: Any) -> None:
        n_resumed = resume_resolving() + resume_imports()
        if n_resumed:
            self.stdout.write(f"Taking up what waits from before: {n_resumed} tasks.")
        tidy_now_and_then()
        call_command("db_worker", interval=0.5, startup_delay=False, reload=False, verbosity=0)
