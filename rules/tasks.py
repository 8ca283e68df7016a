"""Work about rules that is done after the answer is sent."""

from django.conf import settings
from django_tasks import task

from expenses.models import Ledger
from rules.models import Attention
from rules.services.proposals import has_news, propose_rules
from rules.services.rules import LOOK_AT_CORRECTIONS

#: Nobody waits for proposals.
LOW_PRIORITY = -20


@task(priority=LOW_PRIORITY)
def look_at_corrections(ledger_id: int) -> None:
    """Propose rules from the ledger's corrections; again, if some were written meanwhile. Safe to queue twice."""
    if not settings.PROPOSAL_AFTER or not Ledger.objects.filter(pk=ledger_id).exists():
        return
    propose_rules(ledger_id=ledger_id)
    LOOK_AT_CORRECTIONS.finish(ledger_id, has_more=lambda: has_news(ledger_id=ledger_id))


def resume_looking() -> int:
    """Queue the task again for each ledger whose task a crash may have lost. Return their number."""
    return LOOK_AT_CORRECTIONS.resume(Attention.objects.exclude(looking_until=None).values_list("pk", flat=True))
