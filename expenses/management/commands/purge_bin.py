"""Empties the bin of what was deleted a month ago."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from expenses.models import Transaction
from expenses.services.deleting import KEPT, purge_deleted


class Command(BaseCommand):
    """`manage.py purge_bin`"""

    help = f"Remove for good what was deleted more than {KEPT.days} days ago, as every worker does when it starts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say how many there are, and remove nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.now() - KEPT
        if options["dry_run"]:
            n = Transaction.everything.filter(deleted_at__lt=before).count()
            self.stdout.write(f"{n} transactions would be removed for good.")
        else:
            self.stdout.write(f"{purge_deleted(before=before)} transactions were removed for good.")
