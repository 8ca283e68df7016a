"""Weekly spending of a ledger, evaluated and decomposed, as workers compute and store it."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from expenses.ledger.money import SCALE
from expenses.models import Category
from insights.anomalies.decomposition import LEAST_WEEKS, PERIODS, decompose
from insights.anomalies.evaluation import SpendingEvaluation, WeeklyEvaluation, evaluate_spending
from insights.anomalies.weekly_series import OVERALL, Floats, Subject
from insights.calendars import DAYS_OF_A_WEEK
from insights.models import WeeklySpending
from insights.services.recurring import counted_in, rejected_in
from insights.services.refreshing import InsightPart, PaymentHistory

#: The part in settings.INSIGHT_PARTS.
PATH = "insights.services.decompositions.Decompositions"
PLACES = Decimal(1).scaleb(-SCALE)


class Decompositions(InsightPart):
    """Weekly spending by category and overall. Anomalies are found in it, and clients see its decomposition."""

    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> SpendingEvaluation:
        bills = [*(one for one in counted_in(found) if one.kind == "expense"), *rejected_in(found)]
        return evaluate_spending(history.payments.spending, bills, calendar=history.calendar, today=history.today)

    def store(self, history: PaymentHistory, found: SpendingEvaluation) -> None:
        """Replace what was stored before. Spending of a category deleted meanwhile is left out."""
        WeeklySpending.objects.filter(ledger_id=history.ledger_id).delete()
        categories = set(Category.objects.in_ledger(history.ledger_id).values_list("pk", flat=True)) | {None, OVERALL}
        rows = [_row(one, history) for subject, one in found.evaluations.items() if subject in categories]
        WeeklySpending.objects.bulk_create(rows, batch_size=100)


def evaluation_in(found: dict[str, Any]) -> SpendingEvaluation:
    """Return the weekly spending among what earlier parts computed."""
    evaluation: SpendingEvaluation = found[PATH]
    return evaluation


def subject_key(subject: Subject) -> str:
    """Return the key of a series within its ledger."""
    return "none" if subject is None else str(subject)


def _row(one: WeeklyEvaluation, history: PaymentHistory) -> WeeklySpending:
    series, n = one.series, _n_whole_weeks(one, history)
    period_weeks, weight = None, None
    parts: dict[str, Sequence[float] | Floats] = {"observed": series.spent[:n], "known_bills": series.bills[:n]}
    if n >= LEAST_WEEKS:
        period_weeks = int(one.forecast.period_weeks[n]) or min(PERIODS)
        weight = round(float(one.forecast.weight[n]), 3)
        found = decompose(series.spent[:n], period_weeks)
        parts |= {"trend": found.trend, "seasonal": found.seasonal, "residual": found.residual}
    lows, highs = zip(*(one.interval(i) for i in range(n)), strict=True) if n else ((), ())
    parts |= {"expected": one.expected[:n], "low": lows, "high": highs}
    return WeeklySpending(
        ledger_id=history.ledger_id,
        subject=subject_key(series.subject),
        category_id=None if series.subject == OVERALL else series.subject,
        currency=history.currency,
        first=series.first,
        n_weeks=n,
        period_weeks=period_weeks,
        weight=weight,
        figures={name: [_text(amount) for amount in amounts] for name, amounts in parts.items()},
    )


def _n_whole_weeks(one: WeeklyEvaluation, history: PaymentHistory) -> int:
    """Return the number of weeks that are over, and that begin no later than the last recorded day."""
    recorded_until = history.recorded_until or history.today
    end = min(history.calendar.week_of(recorded_until), history.today - dt.timedelta(DAYS_OF_A_WEEK - 1))
    return max((end - one.series.first).days // DAYS_OF_A_WEEK + 1, 0)


def _text(amount: float) -> str | None:
    return str(Decimal(float(amount)).quantize(PLACES)) if np.isfinite(amount) else None
