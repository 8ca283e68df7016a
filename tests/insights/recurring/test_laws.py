"""Laws of the search that hold for any payments."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from insights.payments import Payment
from insights.recurring.detection import find_recurring
from tests.insights.recurring.listing import monthly

START = dt.date(2024, 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[Payment]:
    """Irregular payments of a few payees among regular ones."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 500), st.integers(1, 40), st.sampled_from(["stream", "store", "grocer"])),
            max_size=40,
        )
    )
    noise = [
        Payment(100 + i, START + dt.timedelta(day), Decimal(amount), "expense", payee, None)
        for i, (day, amount, payee) in enumerate(rows)
    ]
    return [*monthly(draw(st.integers(0, 16))), *noise]


days = st.integers(0, 600).map(lambda n: START + dt.timedelta(n))


@given(histories(), days)
def test_later_payments_change_no_earlier_finding(payments: list[Payment], today: dt.date) -> None:
    until = [payment for payment in payments if payment.day <= today]
    assert find_recurring(payments, today=today) == find_recurring(until, today=today)


@given(histories(), days, st.randoms())
def test_the_order_of_rows_does_not_matter(payments: list[Payment], today: dt.date, random: object) -> None:
    shuffled = sorted(payments, key=lambda payment: hash((payment.id, id(random))))
    assert find_recurring(shuffled, today=today) == find_recurring(payments, today=today)


@given(histories(), days)
def test_no_payment_belongs_to_two_chains(payments: list[Payment], today: dt.date) -> None:
    found = find_recurring(payments, today=today)
    held = [pk for one in found for pk in [*one.payments, *(second for _, second in one.doubled)]]
    assert len(held) == len(set(held))


@given(histories(), days)
def test_the_next_payment_is_never_already_missed(payments: list[Payment], today: dt.date) -> None:
    for one in find_recurring(payments, today=today):
        assert 0 <= one.confidence <= 1
        assert one.low <= one.amount <= one.high
        assert (one.next_on is None) == (one.status == "ended")
        if one.next_on is not None:
            assert one.next_on + dt.timedelta(one.window_days) >= today
            assert one.next_on > one.last_on
