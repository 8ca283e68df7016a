"""Command that computes all insights at once."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from expenses.models import Ledger
from expenses.models.ledgers import ledger_id_of
from insights.services.amounts import AmountChanges
from insights.services.refreshing import refresh


class Command(BaseCommand):
    """Command `manage.py compute_anomaly_stats`."""

    help = "Compute insights of changed ledgers at once. A running worker computes them by itself, a while later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="Compute the ledger of this username only.")
        parser.add_argument("--dry-run", action="store_true", help="Print what would be computed, and store nothing.")
        parser.add_argument("--force", action="store_true", help="Compute unchanged ledgers, too.")

    def handle(self, *args: Any, user: str | None, dry_run: bool, force: bool, **options: Any) -> None:
        for ledger_id in [_ledger_of(user)] if user else Ledger.objects.order_by("pk").values_list("pk", flat=True):
            self.stdout.write(f"Ledger {ledger_id}: ", ending="")
            self.stdout.flush()
            started = time.monotonic()
            found = refresh(ledger_id=ledger_id, is_forced=force, is_rehearsal=dry_run)
            took_s = time.monotonic() - started
            if found is None:
                self.stdout.write("nothing has changed.")
                continue
            changes = "; ".join(str(one) for one in found.values() if isinstance(one, AmountChanges))
            self.stdout.write(f"{changes or 'computed'} in {took_s:.1f} s.")


def _ledger_of(username: str) -> int:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"Nobody is called {username!r}.")
    return ledger_id_of(user)
