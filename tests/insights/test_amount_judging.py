"""What is said of one amount."""

from math import log

import pytest

from insights.amounts.calibration import Calibration
from insights.amounts.judging import Judgment, judge
from insights.amounts.reasons import explain
from insights.amounts.sketches import Sketch, sketch

ALL = sketch([log(5 + n) for n in range(60)])
PAYEE = {"all": ALL, "payee": sketch([log(12.9)] * 31)}


def _said(amount: float, known: dict[str, Sketch], *, is_income: bool = False) -> list[str]:
    judgment = judge(amount, known, Calibration())
    return explain(amount, judgment, known, is_income=is_income, money="{:.2f}".format)


def test_a_payee_that_always_takes_the_same_takes_four_times_as_much() -> None:
    judgment = judge(54.18, PAYEE, Calibration())

    assert judgment.is_anomalous
    assert judgment.score is not None
    assert judgment.score > 0.99
    assert (judgment.n_history, judgment.compared_with) == (31, "payee")
    assert _said(54.18, PAYEE) == [
        "4.2 times what this payee usually takes (12.90; 31 payments).",
        "More than this payee ever was at before: 12.90 was the most.",
        f"Of 1,000 ordinary payments, about {round(1000 * (judgment.chance or 0))} would be as unusual.",
    ]


def test_what_is_usual_lies_between_what_eight_of_ten_are() -> None:
    expected = judge(54.18, PAYEE, Calibration()).expected

    assert expected is not None
    assert expected.usual == pytest.approx(12.9)
    assert 10 < expected.low <= expected.usual <= expected.high < 17


def test_an_ordinary_payment_is_not_unusual() -> None:
    assert not judge(12.9, PAYEE, Calibration()).is_anomalous
    assert _said(12.9, PAYEE)[0] == "About what this payee usually takes (12.90; 31 payments)."


def test_a_first_payment_is_compared_with_first_payments_of_its_category() -> None:
    known = {"all": ALL, "category": sketch([2.0] * 20), "category_first": sketch([2.0] * 10)}

    assert judge(500, known, Calibration()).compared_with == "category"
    assert _said(500, known)[:2] == [
        "The first payment to this payee, and more than 100% of first payments in this category.",
        "67.7 times what is usual in this category (7.39; 20 payments).",
    ]


def test_somebody_new_who_pays_is_compared_with_all_income() -> None:
    assert _said(30, {"all": ALL}, is_income=True)[0] == "The first payment from this payee."
    assert judge(30, {"all": ALL}, Calibration()).compared_with == "all"


def test_with_next_to_no_history_nothing_is_said() -> None:
    known = {"all": sketch([2.0] * 4)}

    assert judge(500, known, Calibration()) == Judgment(None, 0)
    assert judge(500, {}, Calibration()).score is None
    assert _said(500, known) == ["There is nothing to compare with yet: 4 payments of this kind in your ledger."]
