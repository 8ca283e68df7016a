"""Computes a ledger's insights anew. Reads first, writes as a whole at the end; done twice, it comes to the same."""

import datetime as dt
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from expenses.ledger.dates import today_of
from expenses.models.ledgers import Ledger
from expenses.services.ledger_lock import lock_ledger
from expenses.services.ledger_queue import LedgerTask
from insights.calendars import DAYS_OF_A_WEEK, Calendar
from insights.models import Standing
from insights.querysets import Payments, load_payments

#: Compute a ledger's insights.
REFRESH_INSIGHTS = LedgerTask(
    "insights.tasks.refresh_insights", Standing, "refreshing_until", rest=("computed_at", "computed_for_s")
)
#: Insights are computed anew each day while a client has asked for them within this time.
ASKED_LATELY = dt.timedelta(days=31)
#: Raised when the same rows would come to something else; then every ledger is computed anew.
ARITHMETIC = 1


@dataclass(frozen=True, slots=True)
class PaymentHistory:
    """What insights are computed from: payments in the founder's currency, weeks and months as the founder's."""

    ledger_id: int
    version: int
    currency: str
    calendar: Calendar
    today: dt.date
    payments: Payments

    @property
    def reading(self) -> str:
        return reading_of(self.currency, self.calendar)

    @property
    def recorded_until(self) -> dt.date | None:
        """The last day on which there is a payment: of what came later nothing is known."""
        return self.payments.all[-1].day if self.payments.all else None

    @property
    def n_weeks(self) -> int:
        """From the first payment's week to the last one's, both included."""
        if not self.payments.all:
            return 0
        first, last = (self.calendar.week_of(self.payments.all[place].day) for place in (0, -1))
        return (last - first).days // DAYS_OF_A_WEEK + 1


class InsightPart(ABC):
    """One kind of insight; settings.INSIGHT_PARTS names them in their order."""

    @abstractmethod
    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> Any:
        """Without writing. `found`: what the parts before it computed, by the path in the settings."""

    @abstractmethod
    def store(self, history: PaymentHistory, found: Any) -> None:
        """Write what was computed, within one database transaction with all parts."""


def read_history(ledger: Ledger) -> PaymentHistory:
    """All of the ledger, as its founder counts."""
    founder = ledger.founder
    today = today_of(founder)
    return PaymentHistory(
        ledger_id=ledger.pk,
        version=ledger.version,
        currency=founder.base_currency,
        calendar=Calendar(founder.week_start, founder.month_start),
        today=today,
        payments=load_payments(ledger_id=ledger.pk, to=founder.base_currency, until=today),
    )


def reading_of(currency: str, calendar: Calendar) -> str:
    """Equal as long as the same rows come to the same insights."""
    return f"{ARITHMETIC}-{currency}-{calendar.week_start}-{calendar.month_start}"


def is_fresh(ledger: Ledger, standing: Standing | None) -> bool:
    """Whether nothing was written, no day has passed and no preference has changed since."""
    if standing is None:
        return False
    founder = ledger.founder
    reading = reading_of(founder.base_currency, Calendar(founder.week_start, founder.month_start))
    return (standing.version, standing.day, standing.reading) == (ledger.version, today_of(founder), reading)


def refresh_soon(ledger: Ledger) -> Standing | None:
    """Queue the task unless insights are fresh or a task is queued. Return how fresh they are, None if there are none.

    It is called whenever a client asks for insights, and notes the day.
    """
    standing = Standing.objects.filter(pk=ledger.pk).first()
    today = today_of(ledger.founder)
    if standing is not None and standing.asked_on != today:
        Standing.objects.filter(pk=ledger.pk).update(asked_on=today)
    if not is_fresh(ledger, standing):
        REFRESH_INSIGHTS.queue(ledger.pk)
    return standing


def refresh_stale() -> int:
    """Queue the task for ledgers that were written in since, and for those whose insights are of another day.

    The latter only where a client has asked lately: unread insights need not be computed each day. Return how many.
    """
    ledgers = list(Ledger.objects.select_related("founder").filter(version__gt=0))
    standings = Standing.objects.in_bulk([ledger.pk for ledger in ledgers])
    n_queued = 0
    for ledger in ledgers:
        standing = standings.get(ledger.pk)
        if is_fresh(ledger, standing):
            continue
        is_written = standing is None or standing.version != ledger.version
        asked_on = standing.asked_on if standing is not None else None
        if is_written or (asked_on is not None and today_of(ledger.founder) - asked_on <= ASKED_LATELY):
            n_queued += REFRESH_INSIGHTS.queue(ledger.pk)
    return n_queued


def resume_refreshing() -> int:
    """Queue the task for stale ledgers, whatever was queued before a crash. Return how many."""
    Standing.objects.update(refreshing_until=None)
    return refresh_stale()


def refresh(*, ledger_id: int, is_forced: bool = False, is_rehearsal: bool = False) -> dict[str, Any] | None:
    """Compute what has changed; what each part found, or None where nothing has changed or the ledger is gone.

    `is_forced`: even so. A rehearsal stores nothing.
    """
    started = time.monotonic()
    ledger = Ledger.objects.select_related("founder").filter(pk=ledger_id).first()
    if ledger is None or (not is_forced and is_fresh(ledger, Standing.objects.filter(pk=ledger_id).first())):
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
    """Under the ledger's lock, so that two workers do not mix what they found; the ledger's version stays."""
    if not Ledger.objects.filter(pk=history.ledger_id).exists():
        return
    lock_ledger(history.ledger_id)
    stored = Standing.objects.filter(pk=history.ledger_id).first()
    if stored is not None and (stored.version or 0) > history.version:
        return  # another worker has read the ledger later, and was quicker
    for path, part in parts.items():
        part.store(history, found[path])
    Standing.objects.update_or_create(
        ledger_id=history.ledger_id,
        defaults={
            "version": history.version,
            "day": history.today,
            "reading": history.reading,
            "currency": history.currency,
            "n_weeks": history.n_weeks,
            "recorded_until": history.recorded_until,
            "n_unconverted": history.payments.n_unconverted,
            "computed_at": timezone.now(),
            "computed_for_s": took_s,
        },
    )
