"""The anomalies of a ledger, as workers compute and store them."""

from decimal import Decimal
from typing import Any, cast

from expenses.ledger.money import SCALE, round_to_minor_units
from expenses.models import Category
from insights.anomalies.detection import Detection, DetectionKind
from insights.anomalies.detectors import detect_anomalies
from insights.anomalies.ration import PastVerdict
from insights.anomalies.weekly_series import OVERALL
from insights.models import PAYEE_LENGTH, Anomaly, AnomalyFeedback, AnomalyKind, AnomalyVerdict
from insights.services.decompositions import evaluation_in
from insights.services.recurring import counted_in, rejected_in
from insights.services.refreshing import InsightPart, PaymentHistory

PLACES = Decimal(1).scaleb(-SCALE)


class Anomalies(InsightPart):
    """All anomalies of a ledger."""

    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> list[Detection]:
        return detect_anomalies(
            history.payments.spending,
            [one for one in counted_in(found) if one.kind == "expense"],
            rejected=rejected_in(found),
            uncounted=history.payments.uncounted,
            calendar=history.calendar,
            today=history.today,
            evaluation=evaluation_in(found),
            verdicts=_verdicts(history),
        )

    def store(self, history: PaymentHistory, found: list[Detection]) -> None:
        """Replace the anomalies stored before. Those of a category deleted meanwhile are left out."""
        Anomaly.objects.filter(ledger_id=history.ledger_id).delete()
        categories = set(Category.objects.in_ledger(history.ledger_id).values_list("pk", flat=True)) | {None, OVERALL}
        rows = {one.key: _row(one, history) for one in found if one.subject in categories}
        Anomaly.objects.bulk_create(rows.values(), batch_size=500)


def _verdicts(history: PaymentHistory) -> list[PastVerdict]:
    """Return the feedback on all anomalies of the ledger, also on those that are no longer detected."""
    return [
        PastVerdict(
            kind=cast("DetectionKind", one.kind),
            subject=OVERALL if one.is_overall else one.category_id,
            is_useful=one.verdict == AnomalyVerdict.USEFUL,
            given_on=one.given_on,
        )
        for one in AnomalyFeedback.objects.filter(ledger_id=history.ledger_id)
    ]


def _row(one: Detection, history: PaymentHistory) -> Anomaly:
    parts: dict[str, Any] = {}
    method = one.method
    if one.trend is not None and one.seasonal is not None:
        trend, seasonal = one.trend, one.seasonal
        if not round_to_minor_units(_exact(seasonal), history.currency):  # the season is less than a cent
            trend, seasonal, method = one.expected, 0.0, "robust_level"
        amounts = {"trend": trend, "seasonal": seasonal, "residual": one.excess, "known_bills": one.known_bills}
        parts = {name: str(_exact(amount)) for name, amount in amounts.items()}
        parts |= {"also": list(one.also), "n_weeks": one.n_weeks}
        parts |= {"period_weeks": one.period_weeks or None, "weight": round(one.weight, 3)}
    currency = one.currency or history.currency
    if currency != history.currency:
        parts["base"] = {"currency": history.currency, "rate": one.rate}
    return Anomaly(
        ledger_id=history.ledger_id,
        key=one.key,
        kind=AnomalyKind(one.kind),
        category_id=None if one.subject == OVERALL else one.subject,
        is_overall=one.subject == OVERALL,
        payee=one.payee[:PAYEE_LENGTH],
        day=one.day,
        week=one.week,
        currency=currency,
        observed=_exact(one.observed),
        expected=_exact(one.expected),
        low=_exact(one.low),
        high=_exact(one.high),
        score=one.score,
        severity=one.severity,
        method=method,
        parts=parts,
        transactions=list(one.payments),
    )


def _exact(amount: float) -> Decimal:
    return Decimal(amount).quantize(PLACES)
