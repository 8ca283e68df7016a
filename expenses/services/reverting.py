"""Takes back what a run recorded, except what its owner has touched since."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Decision, Run, Transaction
from expenses.services.writing import Refused, ledger_write

#: Rows that are deleted by one statement.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Reverted:
    """The run with its counts, and the ids of rows that stay because their owner changed or confirmed them."""

    run: Run
    kept: list[int]


def revert_run(*, by: User, run: Run) -> Reverted:
    """Remove the rows that a run created. Raises Refused while it runs, and when it was reverted before."""
    with ledger_write(ledger_id_of(by)):
        current: Run = Run.objects.for_user(by).get(pk=run.pk)
        if current.status not in {Run.Status.SUCCEEDED, Run.Status.FAILED}:
            raise Refused(f"This run is {current.status}; only one that has ended can be reverted.", code="not_ended")
        rows = Transaction.objects.filter(run=current).order_by("pk")
        kept = list(rows.filter(is_touched=True).values_list("pk", flat=True))
        removed = list(rows.filter(is_touched=False).values_list("pk", flat=True))
        for start in range(0, len(removed), CHUNK):
            _remove(removed[start : start + CHUNK])
        current.status, current.finished_at = Run.Status.REVERTED, timezone.now()
        current.counts |= {"removed": len(removed), "kept": len(kept)}
        current.save()
        return Reverted(current, kept)


def _remove(ids: list[int]) -> None:
    rows = Transaction.objects.filter(pk__in=ids)
    decisions = list(rows.exclude(decision=None).order_by().values_list("decision", flat=True).distinct())
    rows.delete()
    Decision.objects.filter(pk__in=decisions, transactions=None).delete()
