"""What follows when people confirm or correct a category, or take that back: links are measured, and one learns."""

from collections.abc import Sequence

from django.db.models import Q

from expenses.hooks import EditHook
from expenses.models import Change, Run
from expenses.tasks import queue_learning

#: A field of them is among what was written when a choice was made, confirmed or taken back.
TELLING = ("category", "review_status")


class Learning(EditHook):
    """Queues a task; the rows stay as they are."""

    name = "learning"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        telling = Q(*(("fields__has_key", name) for name in TELLING), _connector=Q.OR)
        if Change.objects.filter(telling, ledger_id=ledger_id, version=version).exists():
            queue_learning(ledger_id=ledger_id)
        return False

    def after_confirmations(self, *, ledger_id: int) -> None:
        queue_learning(ledger_id=ledger_id)
