"""Feedback on one anomaly silences others like it, and no more."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from insights.models import Anomaly, AnomalyFeedback
from insights.services.feedback import feedback_on

DAY = dt.date(2025, 3, 3)
TODAY = dt.date(2025, 3, 10)


def about(day: dt.date = DAY, **fields: Any) -> dict[str, Any]:
    """An unusual week of one category."""
    given: dict[str, Any] = {"kind": "unusual_week", "category_id": 4, "is_overall": False, "payee": "", "day": day}
    given |= {"observed": Decimal(100), "currency": "EUR"} | fields
    return given | {"key": f"{given['kind']}-{given['payee'] or given['category_id']}-{day}"}


def anomaly(day: dt.date = DAY, **fields: Any) -> Anomaly:
    return Anomaly(**about(day, **fields))


def said(verdict: str, day: dt.date = DAY, *, given_on: dt.date = TODAY, **fields: Any) -> AnomalyFeedback:
    given_at = timezone.make_aware(dt.datetime.combine(given_on, dt.time(12)), dt.UTC)
    return AnomalyFeedback(verdict=verdict, given_at=given_at, given_on=given_on, **about(day, **fields))


def status(one: Anomaly, *feedback: AnomalyFeedback, today: dt.date = TODAY) -> str:
    [(_, found)] = feedback_on([one], feedback, today=today)
    return str(found.verdict) if found else "open"


def later(days: int, **fields: Any) -> Anomaly:
    return anomaly(DAY + dt.timedelta(days), **fields)


def test_anomaly_without_feedback_is_open():
    one = anomaly()
    assert feedback_on([one], [], today=TODAY) == [(one, None)]
    assert status(one) == "open"


@pytest.mark.parametrize("verdict", ["normal", "dismissed", "useful"])
def test_feedback_holds_for_its_anomaly(verdict):
    one, word = anomaly(), said(verdict)
    [(_, found)] = feedback_on([one], [word], today=TODAY)
    assert found is word
    assert found.verdict == verdict


def test_own_feedback_wins():
    words = [said("normal"), said("useful", DAY + dt.timedelta(7))]
    assert status(later(7), *words) == "useful"


@pytest.mark.parametrize(("days", "expected"), [(0, "dismissed"), (60, "dismissed"), (61, "open")])
def test_what_is_dismissed_is_quiet_for_sixty_days(days, expected):
    assert status(anomaly(), said("dismissed"), today=TODAY + dt.timedelta(days)) == expected


@pytest.mark.parametrize(("days", "expected"), [(-7, "open"), (7, "dismissed"), (67, "dismissed"), (68, "open")])
def test_dismissal_silences_anomalies_of_sixty_days(days, expected):
    assert status(later(days), said("dismissed")) == expected


def test_silenced_anomalies_return_with_the_dismissed_one():
    assert status(later(7), said("dismissed"), today=TODAY + dt.timedelta(61)) == "open"


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(1, "normal"), (2, "normal"), (3, "open"), (49, "open"), (50, "normal"), (52, "normal"), (54, "normal"),
     (55, "open"), (104, "normal"), (-52, "open"), (260, "normal")],
)  # fmt: skip
def test_normal_holds_for_the_season_in_later_years(weeks, expected):
    assert status(later(7 * weeks), said("normal")) == expected


@pytest.mark.parametrize(("amount", "expected"), [("125", "normal"), ("125.01", "open"), ("1", "normal")])
def test_normal_holds_up_to_a_quarter_more(amount, expected):
    assert status(later(7, observed=Decimal(amount)), said("normal")) == expected


def test_normal_payee_holds_all_year():
    of_payee: dict[str, Any] = {"kind": "duplicate_charge", "payee": "gym"}
    assert status(later(150, **of_payee), said("normal", **of_payee)) == "normal"
    assert status(later(150, **of_payee, observed=Decimal(200)), said("normal", **of_payee)) == "open"


def test_feedback_on_a_payee_ignores_the_category():
    of_payee: dict[str, Any] = {"kind": "price_rise", "payee": "gym"}
    assert status(later(150, **of_payee, category_id=9), said("normal", **of_payee)) == "normal"


@pytest.mark.parametrize(
    "fields",
    [
        {"category_id": 5},
        {"category_id": None},
        {"category_id": None, "is_overall": True},
        {"kind": "new_merchant"},
        {"payee": "gym"},
    ],
)
@pytest.mark.parametrize("verdict", ["normal", "dismissed"])
def test_feedback_silences_nothing_else(fields, verdict):
    assert status(later(7, **fields), said(verdict)) == "open"


def test_feedback_holds_for_one_currency():
    assert status(later(7, currency="USD"), said("normal")) == "open"


def test_useful_feedback_silences_nothing():
    assert status(later(7), said("useful")) == "open"


def test_normal_holds_for_later_missing_bills():
    of_payee: dict[str, Any] = {"kind": "missing_bill", "payee": "gym", "observed": Decimal(0)}
    assert status(later(40, **of_payee), said("normal", **of_payee)) == "normal"
