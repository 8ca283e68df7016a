"""Computation of a ledger's insights. It reads first and writes all at the end; repeating it changes nothing."""

import datetime as dt
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from expenses.models.ledgers import Ledger
from expenses.models.prepared_queries import PreparedQuery
from expenses.services.ledger_lock import lock_ledger
from expenses.services.ledger_queue import LedgerTask
from insights.calendars import DAYS_OF_A_WEEK, Calendar
from insights.models import InsightState
from insights.querysets import Payments, load_payments

#: Compute a ledger's insights.
REFRESH_INSIGHTS = LedgerTask(
    "insights.tasks.refresh_insights", InsightState, "refreshing_until", rest=("computed_at", "computed_for_s")
)
#: Insights are computed anew each day while a client has asked for them within this time.
ASKED_LATELY = dt.timedelta(days=31)
#: So many ledgers are queued at once after writes.
MOST_AT_ONCE = 20
#: Raise it when the same rows give other insights: every ledger is then computed anew.
ARITHMETIC = 4


@dataclass(frozen=True, slots=True)
class PaymentHistory:
    """All payments of a ledger, in the founder's currency and with the founder's weeks and months."""

    ledger_id: int
    version: int
    currency: str
    calendar: Calendar
    today: dt.date
    payments: Payments

    @property
    def recorded_until(self) -> dt.date | None:
        """The last day with a payment: nothing is known about later days."""
        return self.payments.all[-1].day if self.payments.all else None

    @property
    def n_weeks(self) -> int:
        """The number of weeks from the first payment to the last one, both included."""
        if not self.payments.all:
            return 0
        first, last = (self.calendar.week_of(self.payments.all[place].day) for place in (0, -1))
        return (last - first).days // DAYS_OF_A_WEEK + 1


class InsightPart(ABC):
    """One kind of insight; settings.INSIGHT_PARTS lists all kinds in order."""

    @abstractmethod
    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> Any:
        """Compute insights without writing. `found` has those of earlier parts, by their path in the settings."""

    @abstractmethod
    def store(self, history: PaymentHistory, found: Any) -> None:
        """Write computed insights, in one database transaction with all parts."""


def read_history(ledger: Ledger) -> PaymentHistory:
    """Return all payments of the ledger until today."""
    founder = ledger.founder
    today = founder.today()
    return PaymentHistory(
        ledger_id=ledger.pk,
        version=ledger.version,
        currency=founder.base_currency,
        calendar=Calendar(founder.week_start, founder.month_start),
        today=today,
        payments=load_payments(ledger_id=ledger.pk, to=founder.base_currency, until=today),
    )


def reading_of(currency: str, calendar: Calendar) -> str:
    """Return a text that is equal as long as the same rows give the same insights."""
    return f"{ARITHMETIC}-{currency}-{calendar.week_start}-{calendar.month_start}"


def is_fresh(ledger: Ledger, state: InsightState | None) -> bool:
    """Return True if no row, no day and no preference has changed since the computation."""
    if state is None:
        return False
    founder = ledger.founder
    reading = reading_of(founder.base_currency, Calendar(founder.week_start, founder.month_start))
    return (state.version, state.day, state.reading) == (ledger.version, founder.today(), reading)


@PreparedQuery
def _states(ledger: int) -> "QuerySet[InsightState]":
    return InsightState.objects.filter(pk=ledger)


def refresh_soon(ledger: Ledger) -> InsightState | None:
    """Queue the task unless insights are fresh or a task is queued. Return their state, None if there are none.

    Call it whenever a client asks for insights: it notes the day.
    """
    state = next(iter(_states(ledger.pk)), None)
    today = ledger.founder.today()
    if state is not None and state.asked_on != today:
        InsightState.objects.filter(pk=ledger.pk).update(asked_on=today)
    if not is_fresh(ledger, state):
        REFRESH_INSIGHTS.queue(ledger.pk)
    return state


def refresh_stale() -> int:
    """Queue the task for ledgers that were written in since, and for those whose insights are of another day.

    The latter only where a client has asked lately: unread insights need not be computed each day. Return how many.
    """
    ledgers = list(Ledger.objects.select_related("founder").filter(version__gt=0))
    states = InsightState.objects.in_bulk([ledger.pk for ledger in ledgers])
    n_queued = 0
    for ledger in ledgers:
        state = states.get(ledger.pk)
        if is_fresh(ledger, state):
            continue
        is_written = state is None or state.version != ledger.version
        asked_on = state.asked_on if state is not None else None
        if is_written or (asked_on is not None and ledger.founder.today() - asked_on <= ASKED_LATELY):
            n_queued += REFRESH_INSIGHTS.queue(ledger.pk)
    return n_queued


def refresh_written() -> int:
    """Queue the task for ledgers that were written in since their insights were computed. Return how many.

    Workers call it every few seconds, so that insights are there before the first question after an import or an edit.
    A ledger has one task at a time and rests after it; a call queues tasks of some ledgers, and the next call others.
    """
    own = InsightState.objects.filter(pk=OuterRef("pk"))
    computed = Exists(own.filter(version=OuterRef("version")))
    queued = Exists(own.filter(refreshing_until__gte=timezone.now()))
    written = Ledger.objects.filter(~computed, ~queued, version__gt=0).order_by("pk")
    return sum(REFRESH_INSIGHTS.queue(pk) for pk in list(written.values_list("pk", flat=True)[:MOST_AT_ONCE]))


def resume_refreshing() -> int:
    """Queue the task for stale ledgers, whatever was queued before a crash. Return how many."""
    InsightState.objects.update(refreshing_until=None)
    return refresh_stale()


def refresh(*, ledger_id: int, is_forced: bool = False, is_rehearsal: bool = False) -> dict[str, Any] | None:
    """Compute and store insights. Return those of each part, or None if they are fresh or the ledger is gone.

    `is_forced` computes fresh insights, too; a rehearsal stores nothing.
    """
    started = time.monotonic()
    ledger = Ledger.objects.select_related("founder").filter(pk=ledger_id).first()
    if ledger is None or (not is_forced and is_fresh(ledger, InsightState.objects.filter(pk=ledger_id).first())):
        return None
    history = read_history(ledger)
    found: dict[str, Any] = {}
    parts: dict[str, InsightPart] = {path: import_string(path)() for path in settings.INSIGHT_PARTS}
    for path, part in parts.items():
        found[path] = part.compute(history, found)
    if not is_rehearsal:
        _store(history, parts, found, took_s=time.monotonic() - started)
    return found


@transaction.atomic
def _store(history: PaymentHistory, parts: dict[str, InsightPart], found: dict[str, Any], *, took_s: float) -> None:
    """Store all parts under the ledger's lock, so that two workers do not mix their results."""
    if not Ledger.objects.filter(pk=history.ledger_id).exists():
        return
    lock_ledger(history.ledger_id)
    stored = InsightState.objects.filter(pk=history.ledger_id).first()
    if stored is not None and (stored.version or 0) > history.version:
        return  # another worker has read a newer version and was quicker
    for path, part in parts.items():
        part.store(history, found[path])
    InsightState.objects.update_or_create(
        ledger_id=history.ledger_id,
        defaults={
            "version": history.version,
            "day": history.today,
            "reading": reading_of(history.currency, history.calendar),
            "currency": history.currency,
            "n_weeks": history.n_weeks,
            "recorded_until": history.recorded_until,
            "n_unconverted": history.payments.n_unconverted,
            "rates_used": history.payments.rates_used,
            "computed_at": timezone.now(),
            "computed_for_s": took_s,
        },
    )
