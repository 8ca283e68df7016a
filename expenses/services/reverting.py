"""Takes back what a run recorded, except what its owner has touched since."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Run, Transaction
from expenses.services.deleting import release, remove_for_good
from expenses.services.writing import Refused, bury, in_versions, ledger_write


@dataclass(frozen=True, slots=True)
class Reverted:
    """The run with its counts, and the ids of rows that stay because their owner changed or confirmed them."""

    run: Run
    kept: list[int]


def revert_run(*, by: User, run: Run) -> Reverted:
    """Remove the rows that a run created. Raises Refused while it runs, and when it was reverted before."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        current: Run = Run.objects.for_user(by).get(pk=run.pk)
        if current.status not in {Run.Status.SUCCEEDED, Run.Status.FAILED}:
            raise Refused(f"This run is {current.status}; only one that has ended can be reverted.", code="not_ended")
        rows = Transaction.everything.filter(run=current).order_by("pk")
        kept = list(rows.filter(is_touched=True, parent=None).values_list("pk", flat=True))
        removed = list(rows.filter(is_touched=False).values_list("pk", flat=True))
        for part, version in in_versions(removed, ledger_id=ledger_id):
            release(part, user=by)
            bury(Transaction, part, ledger_id=ledger_id, version=version)
            remove_for_good(part)
        current.status, current.finished_at = Run.Status.REVERTED, timezone.now()
        current.counts |= {"removed": len(removed), "kept": len(kept)}
        current.save()
        return Reverted(current, kept)
