"""Work about rules that is done after the answer is sent."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from expenses.models import Ledger
from expenses.services.ledger_lock import lock_ledger
from rules.models import Attention, Proposal, ProposalStatus
from rules.services.proposing import has_news, propose_rules

#: A queued task that has not ended by then is taken for lost, and the next write queues another.
LOST_AFTER = timedelta(minutes=30)
#: Nobody waits for proposals.
LOW_PRIORITY = -20


@task(priority=LOW_PRIORITY)
def look_at_corrections(ledger_id: int) -> None:
    """Propose what the ledger's corrections make; again, if somebody wrote meanwhile. Harmless when queued twice."""
    if not settings.PROPOSAL_AFTER or not Ledger.objects.filter(pk=ledger_id).exists():
        return
    propose_rules(ledger_id=ledger_id)
    with transaction.atomic():
        lock_ledger(ledger_id)
        goes_on = has_news(ledger_id=ledger_id)
        until = timezone.now() + LOST_AFTER if goes_on else None
        Attention.objects.filter(pk=ledger_id).update(looking_until=until)
        if goes_on:
            transaction.on_commit(lambda: look_at_corrections.enqueue(ledger_id), robust=True)


def queue_looking(*, ledger_id: int) -> None:
    """Queue the task on commit, unless one is queued already. Call it under the ledger's lock."""
    if not settings.PROPOSAL_AFTER:
        return
    now = timezone.now()
    free = Q(looking_until=None) | Q(looking_until__lt=now)
    until = now + LOST_AFTER
    if Attention.objects.filter(free, pk=ledger_id).update(looking_until=until) or _began(ledger_id, until):
        transaction.on_commit(lambda: look_at_corrections.enqueue(ledger_id), robust=True)


def queue_looking_at_open(*, ledger_id: int) -> None:
    """The same where a proposal is open, which a new rule may make needless."""
    if Proposal.objects.filter(ledger_id=ledger_id, status=ProposalStatus.OPEN).exists():
        queue_looking(ledger_id=ledger_id)


def _began(ledger_id: int, until: datetime) -> bool:
    _, is_new = Attention.objects.get_or_create(ledger_id=ledger_id, defaults={"looking_until": until})
    return is_new


def resume_looking() -> int:
    """Queue the task for every ledger whose task a crash may have lost. Returns how many."""
    waiting = list(Attention.objects.exclude(looking_until=None).values_list("ledger_id", flat=True))
    for ledger_id in waiting:
        look_at_corrections.enqueue(ledger_id)
    return len(waiting)
