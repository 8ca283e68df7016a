"""Scores of single amounts, and their reasons."""

import re
from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.amount_scores import COMPARED, AmountRange, AmountScore, Calibration, score_amount
from insights.anomalies.amount_sketches import Sketch, sketch
from insights.anomalies.reasons import explain

ALL = sketch([log(5 + n) for n in range(60)])
#: Words of a sentence that says why an amount is unusual.
WHY = (" times what ", " times the one ", "More than this payee", "more than any", " are smaller", "So much is rare")
LOGS = st.lists(st.sampled_from([1.0, 2.5, 3.0, 3.1, 6.0]), min_size=5, max_size=9)
PAYEE = {"all": ALL, "payee": sketch([log(12.9)] * 31)}


def _said(amount: float, known: dict[str, Sketch], *, is_income: bool = False) -> list[str]:
    judgment = score_amount(amount, known, Calibration())
    return explain(amount, judgment, known, is_income=is_income, money="{:.2f}".format)


def test_fourfold_amount_of_a_steady_payee_is_unusual() -> None:
    judgment = score_amount(54.18, PAYEE, Calibration())

    assert judgment.is_anomalous
    assert judgment.score is not None
    assert judgment.score > 0.99
    assert (judgment.n_history, judgment.compared_with) == (31, "payee")
    assert _said(54.18, PAYEE) == [
        "4.2 times what this payee usually takes (12.90; 31 payments).",
        "More than this payee ever was at before: 12.90 was the most.",
        f"Of 1,000 ordinary payments, about {round(1000 * (judgment.chance or 0))} would be as unusual.",
    ]


def test_usual_amount_lies_within_the_range() -> None:
    expected = score_amount(54.18, PAYEE, Calibration()).expected

    assert expected is not None
    assert expected.usual == pytest.approx(12.9)
    assert 10 < expected.low <= expected.usual <= expected.high < 17


def test_ordinary_payment_is_not_unusual() -> None:
    assert not score_amount(12.9, PAYEE, Calibration()).is_anomalous
    assert _said(12.9, PAYEE)[0] == "About what this payee usually takes (12.90; 31 payments)."


def test_first_payment_is_compared_with_first_payments_of_its_category() -> None:
    known = {"all": ALL, "category": sketch([2.0] * 20), "category_first": sketch([2.0] * 10)}

    assert score_amount(500, known, Calibration()).compared_with == "category"
    assert _said(500, known)[:2] == [
        "The first payment to this payee.",
        (
            "First payments to a payee in this category: eight of ten are expected from 6.47 to 8.45; "
            "this is more than any first payment so far."
        ),
    ]


def test_few_first_payments_widen_the_comparison() -> None:
    known = {"all": ALL, "first": sketch([2.0] * 4), "category": sketch([2.0] * 20), "category_first": sketch([2.0])}
    of_category = _said(7.4, known)[1]
    known.pop("category")

    assert of_category.startswith("Payments in this category: eight of ten are expected from")
    assert _said(7.4, known)[1].startswith("Payments in your ledger: eight of ten are expected from")


def test_new_payee_is_compared_with_payees_of_the_same_first_word() -> None:
    known = {"all": ALL, "first": ALL, "word": sketch([log(8.99)] * 15)}
    judgment = score_amount(90, known, Calibration())

    assert (judgment.compared_with, judgment.is_anomalous) == ("name", True)
    assert judgment.expected
    assert judgment.expected.usual == pytest.approx(8.99)
    assert _said(90, known)[1].startswith("Payments to payees with names that begin alike: eight of ten")


def test_reason_names_the_share_of_smaller_first_payments() -> None:
    firsts = sketch([log(10)] * 97 + [log(9000)] * 3)
    known = {"all": firsts, "first": firsts}
    judgment = score_amount(300, known, Calibration([-5.0] * 600))

    assert judgment.is_anomalous
    reasons = explain(300, judgment, known, is_income=False, money="{:.0f}".format)
    assert reasons[1].endswith("; 97 of 100 are smaller.")


@given(
    st.fixed_dictionaries({}, optional={level: LOGS for level, *_ in COMPARED}),
    LOGS,
    st.floats(0.5, 5000),
    st.sampled_from([[], [-9.0] * 600, [-3.0] * 600]),
)
def test_reasons_agree_with_the_score(
    levels: dict[str, list[float]], everything: list[float], amount: float, past: list[float]
) -> None:
    known = {"all": sketch(everything)} | {level: sketch(logs) for level, logs in levels.items()}
    judgment = score_amount(amount, known, Calibration(past))
    said = " ".join(explain(amount, judgment, known, is_income=False, money="{:.2f}".format))

    if judgment.is_anomalous:
        assert any(words in said for words in WHY), said
        assert not any(words in said for words in ("About", "Not unusual")), said
    else:
        assert "Not unusual" in said
        assert "usually" not in said or said.startswith("About what this payee usually")
        assert not any(words in said for words in WHY[2:]), said


def test_an_amount_beyond_the_expected_ones_may_be_ordinary_and_is_not_called_usual() -> None:
    said = _said(30, PAYEE | {"payee": sketch([log(10), log(14), log(12), log(35)])})
    assert said == [
        "2.3 times the median of this payee (12.96; 4 payments).",
        said[-1],
    ]
    known = {"all": sketch([log(amount) for amount in (3, 9, 20, 31, 44, 60, 90, 130, 2000, 9000)])}
    assert _said(6000, known) == [
        "The first payment to this payee.",
        "Payments in your ledger: eight of ten are expected from 5.08 to 4270.71; this is more.",
        _said(6000, known)[-1],
    ]
    found = re.fullmatch(
        r"Not unusual: of 1,000 ordinary payments, about (\d+) are farther from what is expected, "
        r"and 10 or fewer would make it unusual\.",
        _said(6000, known)[-1],
    )
    assert found
    assert int(found[1]) > 10


def test_a_range_that_is_a_point_is_one_amount() -> None:
    known = {"all": sketch([log(18.6)] * 40)}
    judgment = score_amount(18.6, known, Calibration())
    said = explain(18.6, judgment, known, is_income=False, money="{:.0f} EUR".format)
    assert judgment.expected
    assert f"{judgment.expected.low:.0f}" != f"{judgment.expected.high:.0f}"
    judgment = replace(judgment, expected=AmountRange(18.6, 18.6, 18.6))
    said = explain(18.6, judgment, known, is_income=False, money="{:.2f} EUR".format)
    assert said[1] == "Payments in your ledger: eight of ten are expected at 18.60 EUR."


def test_new_payer_is_compared_with_all_income() -> None:
    assert _said(30, {"all": ALL}, is_income=True)[0] == "The first payment from this payee."
    assert score_amount(30, {"all": ALL}, Calibration()).compared_with == "all"


def test_too_little_history_gives_no_score() -> None:
    known = {"all": sketch([2.0] * 4)}

    assert score_amount(500, known, Calibration()) == AmountScore(None, 0)
    assert score_amount(500, {}, Calibration()).score is None
    assert _said(500, known) == ["There is nothing to compare with yet: 4 payments of this kind in your ledger."]
