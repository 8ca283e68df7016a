"""A large first payment replaces the unusual week that it caused."""

import pytest

from insights.anomalies.detection import Detection
from insights.anomalies.unusual_weeks import with_new_merchants
from insights.payments import Payment
from tests.insights.bills import MONDAY, paid


def week(payment, observed=900.0, expected=0.0):
    """An unusual week that the payment caused."""
    return Detection(
        kind="unusual_week", subject=1, payee="", day=MONDAY, week=MONDAY, observed=observed, expected=expected,
        low=0.0, high=10.0, score=5.0, severity=0.9, method="robust_level", payments=(payment.id,), trend=0.0,
        seasonal=0.0, also=(2,),
    )  # fmt: skip


def test_large_first_payment_becomes_a_new_merchant():
    firsts = [paid(n, n, str(20 + n), f"shop{n}") for n in range(10)]
    sofa = paid(90, 80, "900", "sofas", category=4)
    [found] = with_new_merchants([week(sofa)], [*firsts, sofa])
    assert (found.kind, found.subject, found.payee, found.day) == ("new_merchant", 4, "sofas", sofa.day)
    assert (found.observed, found.expected, found.low, found.high) == (900.0, 24.5, 20.9, 28.1)
    assert (found.method, found.payments, found.trend, found.seasonal, found.also) == (
        "first_payments", (90,), None, None, (),
    )  # fmt: skip


def first_of(amount: str, n_firsts: int = 10, others: str = "20") -> tuple[Payment, list[Payment]]:
    firsts = [paid(n, n, others, f"shop{n}") for n in range(n_firsts)]
    new = paid(90, 80, amount, "sofas")
    return new, [*firsts, new]


@pytest.mark.parametrize(
    ("amount", "n_firsts", "others"),
    [("900", 9, "20"), ("719", 10, "20"), ("900", 10, "900")],
    ids=["too few firsts before", "explains too little of the week", "no larger than other firsts"],
)
def test_first_payment_that_explains_nothing_keeps_the_week(amount, n_firsts, others):
    new, payments = first_of(amount, n_firsts, others)
    assert list(with_new_merchants([week(new)], payments)) == [week(new)]


def test_week_of_a_known_or_unknown_payee_stays():
    _, payments = first_of("900")
    again = paid(91, 85, "900", "sofas")
    assert list(with_new_merchants([week(again)], [*payments, again])) == [week(again)]
    nobody = paid(92, 86, "900", "")
    assert list(with_new_merchants([week(nobody)], [*payments, nobody])) == [week(nobody)]
