"""Stores what is odd, and what people say of it."""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from expenses.ledger.dates import today_of
from expenses.ledger.money import SCALE
from expenses.models import Category
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import ledger_write, remove_row
from insights.models import PAYEE_LENGTH, Anomaly, AnomalyFeedback, Kind, Standing, Verdict
from insights.oddities.finding import find_oddities
from insights.oddities.findings import Finding
from insights.services.recurring import counted_in, rejected_in
from insights.services.refreshing import History, Part
from insights.weekly import OVERALL

PLACES = Decimal(1).scaleb(-SCALE)
#: What is said of a finding as it was then.
SUBJECT = ("kind", "category_id", "is_overall", "payee", "day", "observed", "currency", "transactions")


class Anomalies(Part):
    """All findings of a ledger."""

    def compute(self, history: History, found: dict[str, Any]) -> list[Finding]:
        recurring = counted_in(found)
        return find_oddities(
            history.payments.spending,
            [one for one in recurring if one.kind == "expense"],
            rejected=rejected_in(found),
            uncounted=history.payments.uncounted,
            calendar=history.calendar,
            today=history.today,
        )

    def store(self, history: History, found: list[Finding]) -> None:
        """In place of those before; a category that was deleted meanwhile takes what was found of it along."""
        Anomaly.objects.filter(ledger_id=history.ledger_id).delete()
        categories = set(Category.objects.in_ledger(history.ledger_id).values_list("pk", flat=True)) | {None, OVERALL}
        rows = {one.key: _row(one, history) for one in found if one.subject in categories}
        Anomaly.objects.bulk_create(rows.values(), batch_size=500)


def give_feedback(*, by: User, anomaly: Anomaly | AnomalyFeedback, verdict: Verdict) -> AnomalyFeedback:
    """Keep what the person says of a finding, in place of what was said before."""
    ledger_id = ledger_id_of(by)
    about = {name: getattr(anomaly, name) for name in SUBJECT}
    with ledger_write(ledger_id) as version:
        feedback: AnomalyFeedback
        feedback, _ = AnomalyFeedback.objects.update_or_create(
            ledger_id=ledger_id,
            key=anomaly.key,
            defaults=about
            | {"verdict": verdict, "given_at": timezone.now(), "given_on": today_of(by), "version": version},
        )
        _stay_fresh(ledger_id, version)
        return feedback


def take_feedback_back(*, by: User, feedback: AnomalyFeedback) -> None:
    """As if nothing had been said."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        remove_row(feedback, ledger_id=ledger_id, version=version)
        _stay_fresh(ledger_id, version)


def _stay_fresh(ledger_id: int, version: int) -> None:
    """Nothing is computed from feedback, so that insights which were fresh before this write still are."""
    Standing.objects.filter(pk=ledger_id, version=version - 1).update(version=version)


def _row(one: Finding, history: History) -> Anomaly:
    return Anomaly(
        ledger_id=history.ledger_id,
        key=one.key,
        kind=Kind(one.kind),
        category_id=None if one.subject == OVERALL else one.subject,
        is_overall=one.subject == OVERALL,
        payee=one.payee[:PAYEE_LENGTH],
        day=one.day,
        week=one.week,
        currency=history.currency,
        observed=_exact(one.observed),
        expected=_exact(one.expected),
        low=_exact(one.low),
        high=_exact(one.high),
        score=one.score,
        severity=one.severity,
        method=one.method,
        parts=_parts(one),
        transactions=list(one.payments),
    )


def _parts(one: Finding) -> dict[str, Any]:
    if one.trend is None or one.seasonal is None:
        return {}
    amounts = {
        "trend": one.trend,
        "seasonal": one.seasonal,
        "residual": one.observed - one.expected,
        "known_bills": one.known_bills,
    }
    return {name: str(_exact(amount)) for name, amount in amounts.items()} | {
        "also": list(one.also),
        "n_weeks": one.n_weeks,
    }


def _exact(amount: float) -> Decimal:
    return Decimal(amount).quantize(PLACES)
