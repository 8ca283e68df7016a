"""Removes answers that no repeat gets any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.answers import prune_answers


class Command(BaseCommand):
    """`manage.py prune_answers`"""

    help = "Remove the answers to requests with an Idempotency-Key that are older than a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say how many that are.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        n = prune_answers(is_dry_run=dry_run)
        self.stdout.write(f"{n} answers {'are to be' if dry_run else 'were'} removed.")
