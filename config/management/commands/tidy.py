"""Throws away what was kept long enough; the worker does it every hour by itself."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.processes.housekeeping import tidy


class Command(BaseCommand):
    """`manage.py tidy`"""

    help = (
        "Delete what was kept long enough: rows in the bin, answers, calls of the model, files that belong to nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        done = "would be removed" if dry_run else "removed"
        for what, n in tidy(is_dry_run=dry_run).items():
            self.stdout.write(f"{n} {what} {done}.")
