"""Trains each ledger's classifier and measures the links, now rather than in a while."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from expenses.models import Ledger
from expenses.models.ledgers import ledger_id_of
from expenses.services.learning import LearningResult, ask_some_again, learn
from providers.learning.provider import LEAST_CONFIRMED


class Command(BaseCommand):
    """`manage.py train_expense_classifier`"""

    help = "Learn from what people confirmed. A running worker does it by itself; this does it at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="Learn from this user's ledger only.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be learned, and store nothing.")

    def handle(self, *args: Any, user: str | None, dry_run: bool, **options: Any) -> None:
        ledgers = list(Ledger.objects.order_by("pk").values_list("pk", flat=True))
        if user:
            found = User.objects.filter(username=user).first()
            if found is None:
                raise CommandError(f"Nobody is called {user!r}.")
            ledgers = [ledger_id_of(found)]
        for ledger_id in ledgers:
            self.stdout.write(f"Ledger {ledger_id}: ", ending="")
            self.stdout.flush()
            learned = learn(ledger_id=ledger_id, is_forced=True, is_rehearsal=dry_run)
            self.stdout.write(_describe(learned) if learned else "it is gone.")
            while not dry_run and ask_some_again(ledger_id=ledger_id, n_batches=1):
                pass


def _describe(learned: LearningResult) -> str:
    if learned.weights is None:
        return f"{learned.n_confirmed} transactions are confirmed, {LEAST_CONFIRMED} are needed."
    sentence = (
        f"trained on {learned.n_confirmed} confirmed transactions in {len(learned.weights.categories)} categories"
    )
    if learned.measured is None:
        return f"{sentence}."
    found = learned.measured.comparison
    use = "in use" if found.is_of_use else "not in use"
    return f"{sentence}; {use}: {found.n_right} of {found.n} right with it, {found.n_right_without} without it."
