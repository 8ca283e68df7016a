"""All anomalies of a history, each detected once. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from insights.anomalies.baseline import ordinary_months
from insights.anomalies.bills import missing_bills, price_rises
from insights.anomalies.detection import Detection
from insights.anomalies.doubled_charges import double_charges
from insights.anomalies.evaluation import SpendingEvaluation, evaluate_spending
from insights.anomalies.ration import PastVerdict, listed
from insights.anomalies.unusual_weeks import unusual_weeks, with_new_merchants
from insights.anomalies.weekly_series import OVERALL
from insights.calendars import DAYS_OF_A_WEEK, Calendar
from insights.payments import Payment, Uncounted
from insights.recurring.detection import Recurring


def detect_anomalies(
    payments: Sequence[Payment],
    recurring: Sequence[Recurring],
    *,
    rejected: Sequence[Recurring] = (),
    uncounted: Sequence[Uncounted] = (),
    calendar: Calendar,
    today: dt.date,
    evaluation: SpendingEvaluation | None = None,
    verdicts: Sequence[PastVerdict] = (),
) -> list[Detection]:
    """Return the anomalies of spending and refunds, in order of days; a payment is part of one anomaly only.

    `payments` are in order. A week is evaluated by the weeks before it. `rejected` are recurring payments that the user
    does not want to hear of: they raise no alarm, but were known to come. `uncounted` are payments that do not count,
    but prove that a payee was paid. `evaluation` is of the same payments and bills; it is made if it is not given.
    `verdicts` are feedback on earlier anomalies.
    """
    if not payments:
        return []
    evaluation = evaluation or evaluate_spending(payments, [*recurring, *rejected], calendar=calendar, today=today)
    whole = evaluation.evaluations[OVERALL].series
    months = ordinary_months(whole.spent + whole.bills)

    def ordinary_month(day: dt.date) -> float:
        return float(months[(day - whole.first).days // DAYS_OF_A_WEEK])

    found = [
        *missing_bills(recurring, payments, calendar=calendar, ordinary_month=ordinary_month, uncounted=uncounted),
        *price_rises(recurring, payments, calendar=calendar, ordinary_month=ordinary_month),
        *double_charges(payments, recurring, calendar=calendar, ordinary_month=ordinary_month),
    ]
    # A missing bill says nothing about the payment before it.
    explained = {pk for one in found if one.kind != "missing_bill" for pk in one.payments[-1:]}
    weeks = unusual_weeks(evaluation.evaluations, payments, known=evaluation.known, calendar=calendar)
    unexplained = [week for week in weeks if not week.payments or not explained.issuperset(week.payments)]
    found += with_new_merchants(unexplained, payments)
    counts: Counter[str] = Counter()
    numbered = []
    found = listed(found, first=whole.first, verdicts=verdicts)
    for one in sorted(found, key=lambda one: (one.day, one.key, one.payments)):
        counts[one.key] += 1
        numbered.append(replace(one, nth=counts[one.key]))
    return numbered
