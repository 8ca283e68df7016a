"""Scores as shares of ordinary payments, walk-forward."""

import pytest

from insights.anomalies.amount_keys import AmountKey
from insights.anomalies.amount_scores import N_PAST, Calibration, learn, ordinary_chance, past_log_odds
from tests.insights.payments import household, of_amounts, payment


def test_without_a_past_a_ledger_is_taken_for_an_ordinary_one() -> None:
    assert Calibration().chance(4.0) == pytest.approx(ordinary_chance(4.0)) == pytest.approx(0.013, abs=0.001)


def test_a_ledger_that_is_often_odd_is_not_flagged_for_it() -> None:
    wild = Calibration([0.0] * 270 + [6.0] * 30)

    assert wild.chance(5.0) > 0.05 > ordinary_chance(5.0)


def test_a_chance_never_grows_with_oddity() -> None:
    known = Calibration(sorted(-2 + (at * 37 % 100) / 20 for at in range(200)))

    chances = [known.chance(at / 10) for at in range(-100, 200)]
    assert chances == sorted(chances, reverse=True)


def test_what_comes_later_does_not_change_what_was_said_of_a_day() -> None:
    payments = household(3)

    early = {past.id: odds for past, odds in past_log_odds(payments[:300], n=N_PAST, histories={})}
    late = {past.id: odds for past, odds in past_log_odds(payments, n=N_PAST, histories={})}
    assert early == {id_: odd for id_, odd in late.items() if id_ in early}


def test_all_amounts_in_another_currency_get_the_same_scores() -> None:
    yen = [payment(p.id, p.amount * 163, day=p.id // 2, payee=p.payee, category=p.category) for p in household(4)]

    odd = [odds for _, odds in past_log_odds(household(4), n=N_PAST, histories={})]
    assert odd == pytest.approx([odds for _, odds in past_log_odds(yen, n=N_PAST, histories={})], abs=1e-3)


def test_groups_are_equal_for_the_same_payments_alone() -> None:
    payments = of_amounts(["10", "12", "9"])
    groups, _ = learn(payments)
    edited, _ = learn([payments[0], payment(1, "11"), payment(2, "10")])
    one = AmountKey("expense", "payee", "cafe luna")

    assert learn(payments)[0][one].fingerprint == groups[one].fingerprint != edited[one].fingerprint
    assert groups[AmountKey("expense", "word", "cafe")].n == groups[one].n == 3
    assert groups[AmountKey("expense", "first", "")].n == 1
