"""Each anomaly has a reason in words."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from insights.anomalies.reasons import reason_of
from insights.models import Anomaly, AnomalyKind


def told(kind: str, **fields: Any) -> str:
    given: dict[str, Any] = {
        "day": dt.date(2026, 3, 2),
        "currency": "EUR",
        "observed": Decimal(468),
        "expected": Decimal("50.08"),
        "low": Decimal(48),
        "high": Decimal("52.149"),
        "severity": 0.96,
        "parts": {"n_weeks": 52},
    }
    return reason_of(Anomaly(kind=kind, **given | fields), name="Groceries")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "unusual_week",
            (
                "Groceries: 468.00 EUR in the week from 2026-03-02. Such weeks usually take 48.00 to 52.15 EUR, and "
                "96% of the 52 weeks before were more ordinary."
            ),
        ),
        (
            "missing_bill",
            "Groceries was due on 2026-03-02 with about 50.08 EUR, as it came before, and nothing was paid.",
        ),
        ("price_rise", "Groceries takes 468.00 EUR since 2026-03-02, 50.08 EUR before: 835% more."),
        (
            "duplicate_charge",
            (
                "Groceries took 50.08 EUR twice within some days, the second time on 2026-03-02, "
                "which it does not do as a rule."
            ),
        ),
        (
            "new_merchant",
            (
                "The first payment to Groceries, on 2026-03-02, is a large one: 468.00 EUR. "
                "First payments usually take up to 52.15 EUR."
            ),
        ),
    ],
)
def test_each_kind_has_its_sentence(kind, sentence):
    assert told(kind) == sentence


def test_reason_says_that_such_weeks_take_nothing():
    assert "Such weeks usually take nothing, and" in told("unusual_week", low=Decimal(0), high=Decimal(0))


def test_a_range_that_is_a_point_is_one_amount():
    assert "Such weeks usually take 18.60 EUR, and" in told("unusual_week", low=Decimal("18.6"), high=Decimal("18.601"))


def test_every_stored_kind_has_its_own_sentence():
    assert len({told(kind) for kind in AnomalyKind.values}) == len(AnomalyKind.values)


def test_reason_of_the_most_severe_week_names_known_bills():
    assert told("unusual_week", severity=1.0, parts={"n_weeks": 52, "known_bills": "800"}) == (
        "Groceries: 468.00 EUR in the week from 2026-03-02. Such weeks usually take 48.00 to 52.15 EUR, and all of "
        "the 52 weeks before were more ordinary. Known bills of 800.00 EUR are not counted."
    )


def test_amounts_have_the_decimals_of_their_currency():
    assert "468 JPY" in told("unusual_week", currency="JPY")
    assert "468.000 KWD" in told("unusual_week", currency="KWD")
