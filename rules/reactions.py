"""What follows when people edit: rules with the trigger `update` are asked again, and corrections are looked at."""

from collections.abc import Sequence

from expenses.hooks.edits import Reaction
from expenses.models import Change, Run
from rules.services.applying import apply_at_once
from rules.tasks import queue_looking


class RulesAgain(Reaction):
    """What a person wrote stays: rules leave alone what is held."""

    name = "rules"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        return bool(apply_at_once(ledger_id=ledger_id, ids=ids, trigger="update", run=run, version=version))


class Noticing(Reaction):
    """Queues a look whether chosen categories make a rule to propose; the rows stay as they are."""

    name = "proposals"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        if Change.objects.filter(ledger_id=ledger_id, version=version, fields__has_key="category").exists():
            queue_looking(ledger_id=ledger_id)
        return False
