"""When somebody chose categories, a task looks whether that makes a rule to propose."""

from collections.abc import Sequence

from expenses.models import Change, Run
from expenses.reactions import Reaction
from rules.tasks import queue_looking


class Noticing(Reaction):
    """Queues the task; the rows stay as they are."""

    name = "proposals"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        if Change.objects.filter(ledger_id=ledger_id, version=version, fields__has_key="category").exists():
            queue_looking(ledger_id=ledger_id)
        return False
