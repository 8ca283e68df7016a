"""Adds the European Central Bank's rates that the database lacks."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from expenses.rates.seeding import reference_rates, seed_reference_rates


class Command(BaseCommand):
    """`manage.py seed_rates`"""

    help = "Add the ECB's reference rates from the installed package; run it again after an upgrade."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would be added, and add nothing.")

    def handle(self, *args: Any, dry_run: bool, verbosity: int, **options: Any) -> None:
        say = self._say if verbosity > 1 else lambda text: None
        seeded = seed_reference_rates(rates=reference_rates(), is_rehearsal=dry_run, say=say)
        if verbosity:
            verb = "would be" if dry_run else "were"
            self._say(f"{seeded.n_missing:,} of {seeded.n_rates:,} rates {verb} added; they end with {seeded.through}.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
