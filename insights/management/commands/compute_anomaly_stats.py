"""Computes what is known of each ledger's amounts, and all other insights, now rather than in a while."""

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
    """`manage.py compute_anomaly_stats`"""

    help = "Compute what has changed. A running worker does it by itself; this does it at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="The username of one person, whose ledger alone is looked at.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be computed, and store nothing.")
        parser.add_argument("--force", action="store_true", help="Look even at ledgers in which nothing was written.")

    def handle(self, *args: Any, user: str | None, dry_run: bool, force: bool, **options: Any) -> None:
        for ledger_id in [_ledger_of(user)] if user else Ledger.objects.order_by("pk").values_list("pk", flat=True):
            self.stdout.write(f"Ledger {ledger_id}: ", ending="")
            self.stdout.flush()
            started = time.monotonic()
            found = refresh(ledger_id=ledger_id, is_forced=force, is_rehearsal=dry_run)
            took_s = time.monotonic() - started
            self.stdout.write("nothing has changed." if found is None else f"{_describe(found)} in {took_s:.1f} s.")


def _ledger_of(username: str) -> int:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"Nobody is called {username!r}.")
    return ledger_id_of(user)


def _describe(found: dict[str, Any]) -> str:
    return "; ".join(str(one) for one in found.values() if isinstance(one, AmountChanges)) or "computed"
