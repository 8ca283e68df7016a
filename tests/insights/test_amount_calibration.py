"""Scores as shares of ordinary payments, walk-forward."""

import pytest

from insights.amounts.calibration import N_PAST, Calibration, learn, ordinary_chance, past_payments
from insights.amounts.keys import Key
from insights.amounts.unusual import large_new_merchants, unusual_amounts, unusual_payments
from tests.insights.payments import FIRST_DAY, household, of_amounts, payment


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

    early = {past.payment.id: past.oddity for past in past_payments(payments[:300], n=N_PAST)}
    late = {past.payment.id: past.oddity for past in past_payments(payments, n=N_PAST)}
    assert early == {id_: odd for id_, odd in late.items() if id_ in early}
    assert unusual_payments(payments[:300], since=FIRST_DAY) == [
        found for found in unusual_payments(payments, since=FIRST_DAY) if found.payment.id < 300
    ]


def test_all_amounts_in_another_currency_get_the_same_scores() -> None:
    yen = [payment(p.id, p.amount * 163, day=p.id // 2, payee=p.payee, category=p.category) for p in household(4)]

    odd = [past.oddity for past in past_payments(household(4), n=N_PAST)]
    assert odd == pytest.approx([past.oddity for past in past_payments(yen, n=N_PAST)], abs=1e-3)


def test_about_one_ordinary_payment_in_a_hundred_is_flagged() -> None:
    n_flagged = sum(len(unusual_payments(household(seed), since=FIRST_DAY)) for seed in range(8))

    assert n_flagged / (8 * 350) < 0.02


def test_groups_are_equal_for_the_same_payments_alone() -> None:
    payments = of_amounts(["10", "12", "9"])
    groups, _ = learn(payments)
    edited, _ = learn([payments[0], payment(1, "11"), payment(2, "10")])
    one = Key("expense", "payee", "cafe luna")

    assert learn(payments)[0][one].fingerprint == groups[one].fingerprint != edited[one].fingerprint
    assert groups[Key("expense", "word", "cafe")].n == groups[one].n == 3
    assert groups[Key("expense", "first", "")].n == 1


def test_ten_times_the_usual_amount_is_found_on_its_day() -> None:
    payments = household(5)
    often = max({p.payee for p in payments}, key=lambda name: sum(p.payee == name for p in payments))
    usual = next(p for p in payments if p.payee == often)
    spike = payment(400, usual.amount * 10, day=200, payee=often, category=usual.category)

    found = unusual_amounts([*payments, spike], since=spike.day)
    assert [(one.payment.id, one.kind) for one in found] == [(400, "unusual_amount")]
    assert found[0].ratio > 5
    assert 0 < found[0].severity <= 1


def test_a_large_first_payment_to_somebody_new_is_found() -> None:
    payments = household(6)
    new = payment(400, "90000", day=200, payee="unheard of", category=2)

    assert [one.payment.id for one in large_new_merchants([*payments, new], since=new.day)] == [400]
    assert unusual_amounts([*payments, new], since=new.day) == []
