"""Scores as shares of ordinary payments, walk-forward."""

import pytest

from insights.anomalies.amount_keys import AmountKey
from insights.anomalies.amount_scores import N_PAST, Calibration, learn, ordinary_chance, past_log_odds
from tests.insights.payments import household, of_amounts, payment


def test_new_ledger_uses_the_ordinary_curve() -> None:
    assert Calibration().chance(4.0) == pytest.approx(ordinary_chance(4.0)) == pytest.approx(0.013, abs=0.001)


def test_wild_ledger_raises_its_own_threshold() -> None:
    wild = Calibration([0.0] * 270 + [6.0] * 30)

    assert wild.chance(5.0) > 0.05 > ordinary_chance(5.0)


def test_chance_never_grows_with_the_odds() -> None:
    known = Calibration(sorted(-2 + (at * 37 % 100) / 20 for at in range(200)))

    chances = [known.chance(at / 10) for at in range(-100, 200)]
    assert chances == sorted(chances, reverse=True)


def test_later_payments_change_no_earlier_odds() -> None:
    payments = household(3)

    early = {past.id: odds for past, odds in past_log_odds(payments[:300], n=N_PAST, histories={})}
    late = {past.id: odds for past, odds in past_log_odds(payments, n=N_PAST, histories={})}
    assert early == {id_: odd for id_, odd in late.items() if id_ in early}


def test_another_currency_gives_the_same_odds() -> None:
    yen = [payment(p.id, p.amount * 163, day=p.id // 2, payee=p.payee, category=p.category) for p in household(4)]

    odd = [odds for _, odds in past_log_odds(household(4), n=N_PAST, histories={})]
    assert odd == pytest.approx([odds for _, odds in past_log_odds(yen, n=N_PAST, histories={})], abs=1e-3)


def test_fingerprints_are_equal_for_equal_payments_only() -> None:
    payments = of_amounts(["10", "12", "9"])
    groups, _ = learn(payments)
    edited, _ = learn([payments[0], payment(1, "11"), payment(2, "10")])
    one = AmountKey("expense", "payee", "cafe luna")

    assert learn(payments)[0][one].fingerprint == groups[one].fingerprint != edited[one].fingerprint
    assert groups[AmountKey("expense", "word", "cafe")].n == groups[one].n == 3
    assert groups[AmountKey("expense", "first", "")].n == 1
