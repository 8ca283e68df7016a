"""Computes insights after the answer is sent."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from expenses.ledger.dates import today_of
from expenses.models.ledgers import Ledger
from expenses.tasks import LOST_AFTER, LOWEST_PRIORITY
from insights.models import Standing
from insights.services.refreshing import is_fresh, refresh

#: Insights of who asked within it are computed anew each day.
ASKED_LATELY = timedelta(days=31)
#: How many times as long as it computed a worker does not compute for the same ledger again.
REST_FACTOR = 10


@task(priority=LOWEST_PRIORITY)
def refresh_insights(ledger_id: int) -> None:
    """Compute what has changed in the ledger. Harmless when queued twice."""
    refresh(ledger_id=ledger_id)  # should it fail, nobody tries again before it is taken for lost
    Standing.objects.filter(pk=ledger_id).update(refreshing_until=None)


def refresh_soon(ledger: Ledger) -> Standing | None:
    """Queue the task unless insights are fresh or one is queued. How fresh they are; None where there are none yet.

    It waits ten times as long as the last one took, so that a worker is never busy with insights alone.
    """
    standing = Standing.objects.filter(pk=ledger.pk).first()
    today = today_of(ledger.founder)
    if standing is not None and standing.asked_on != today:
        Standing.objects.filter(pk=ledger.pk).update(asked_on=today)
    if not is_fresh(ledger, standing):
        _queue(ledger.pk, standing)
    return standing


def refresh_stale() -> int:
    """Queue the task for every ledger that was written in since, or whose day has passed while somebody still asks.

    Returns how many.
    """
    ledgers = list(Ledger.objects.select_related("founder").filter(version__gt=0))
    standings = Standing.objects.in_bulk([ledger.pk for ledger in ledgers])
    stale = [ledger for ledger in ledgers if not is_fresh(ledger, standings.get(ledger.pk))]
    wanted = [ledger for ledger in stale if _is_wanted(ledger, standings.get(ledger.pk))]
    return sum(_queue(ledger.pk, standings.get(ledger.pk)) for ledger in wanted)


def _is_wanted(ledger: Ledger, standing: Standing | None) -> bool:
    """Something was written since, or somebody asked lately: a ledger that nobody looks at need not know each day."""
    if standing is None or standing.version != ledger.version:
        return True
    return standing.asked_on is not None and today_of(ledger.founder) - standing.asked_on <= ASKED_LATELY


def resume_refreshing() -> int:
    """The same, whatever was queued before a crash. Returns how many."""
    Standing.objects.update(refreshing_until=None)
    return refresh_stale()


def _queue(ledger_id: int, standing: Standing | None) -> bool:
    now = timezone.now()
    rest = timedelta(seconds=REST_FACTOR * standing.computed_for_s) if standing else timedelta(0)
    ready = max((standing.computed_at or now) + rest, now) if standing else now
    with transaction.atomic():
        Standing.objects.get_or_create(ledger_id=ledger_id)
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
        queued = Standing.objects.filter(free, pk=ledger_id).update(refreshing_until=ready + LOST_AFTER)
        if queued:
            later = refresh_insights.using(run_after=ready) if ready > now else refresh_insights
            transaction.on_commit(lambda: later.enqueue(ledger_id), robust=True)
    return bool(queued)
