"""Background tasks of insights. Other modules queue them by dotted path."""

from django_tasks import task

from expenses.tasks import LOWEST_PRIORITY
from insights.services.refreshing import REFRESH_INSIGHTS, refresh


@task(priority=LOWEST_PRIORITY)
def refresh_insights(ledger_id: int) -> None:
    """Compute what has changed in the ledger. Queued twice, it does the work once.

    After a failure the claim stays, so that the next try waits until it has run out.
    """
    refresh(ledger_id=ledger_id)
    REFRESH_INSIGHTS.release(ledger_id)
