"""Background tasks of insights. Other modules queue them by dotted path."""

from django_tasks import task

from accounts.queue import MODEL_QUEUE
from expenses.tasks import ASK_PRIORITY, LOWEST_PRIORITY, NARRATE_PRIORITY, before_rows
from insights.services import asking, narratives
from insights.services.refreshing import REFRESH_INSIGHTS, refresh


@task(priority=LOWEST_PRIORITY)
def refresh_insights(ledger_id: int) -> None:
    """Compute what has changed in the ledger. Queued twice, it does the work once.

    After a failure the claim stays, so that the next try waits until it has run out.
    """
    refresh(ledger_id=ledger_id)
    REFRESH_INSIGHTS.release(ledger_id)


@task(queue_name=MODEL_QUEUE, priority=NARRATE_PRIORITY)
def write_narrative(ledger_id: int, narrative_id: int, user_id: int) -> None:
    """Let the local model write the text of a month. A failure is kept with its reason."""
    with before_rows():
        narratives.write_narrative(ledger_id=ledger_id, narrative_id=narrative_id, user_id=user_id)


@task(queue_name=MODEL_QUEUE, priority=ASK_PRIORITY)
def answer_question(question_id: str) -> None:
    """Let the local model choose what to read for a question. Queued twice, it does the work once."""
    with before_rows():
        asking.answer_with_model(question_id=question_id)
