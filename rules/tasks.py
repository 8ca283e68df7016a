"""Work about rules that is done after the answer is sent."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.queue import enqueue
from expenses.models import Ledger
from expenses.services.ledger_lock import lock_ledger
from rules.models import Attention
from rules.services.proposals import has_news, propose_rules
from rules.services.rules import PROPOSING_LOST_AFTER

#: Nobody waits for proposals.
LOW_PRIORITY = -20


@task(priority=LOW_PRIORITY)
def look_at_corrections(ledger_id: int) -> None:
    """Propose rules from the ledger's corrections; again, if some were written meanwhile. Safe to queue twice."""
    if not settings.PROPOSAL_AFTER or not Ledger.objects.filter(pk=ledger_id).exists():
        return
    propose_rules(ledger_id=ledger_id)
    with transaction.atomic():
        lock_ledger(ledger_id)
        goes_on = has_news(ledger_id=ledger_id)
        until = timezone.now() + PROPOSING_LOST_AFTER if goes_on else None
        Attention.objects.filter(pk=ledger_id).update(looking_until=until)
        if goes_on:
            enqueue("rules.tasks.look_at_corrections", ledger_id)


def resume_looking() -> int:
    """Queue the task again for each ledger whose task a crash may have lost. Return their number."""
    waiting = list(Attention.objects.exclude(looking_until=None).values_list("ledger_id", flat=True))
    for ledger_id in waiting:
        look_at_corrections.enqueue(ledger_id)
    return len(waiting)
