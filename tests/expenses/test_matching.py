"""Matching of the two halves of a transfer."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.transfer_matching import Half, match_halves

DAY = dt.date(2026, 11, 2)


def half(number, direction, *, account=1, days=0, amount="10", currency="EUR"):
    return Half(number, account, direction, Decimal(amount), currency, DAY + dt.timedelta(days))


def matched(*halves, fresh=None, rejected=()):
    ids = {h.id for h in halves} if fresh is None else fresh
    return match_halves(halves, fresh=ids, rejected=set(rejected))


def test_equal_amounts_of_two_accounts_are_a_pair():
    assert matched(half(1, "out"), half(2, "in", account=2, days=3)) == [(1, 2)]
    assert matched(half(1, "out"), half(2, "in", account=2, days=-3)) == [(1, 2)]


def test_nothing_else_is():
    going = half(1, "out")
    for other in (
        half(2, "in"),
        half(2, "out", account=2),
        half(2, "in", account=2, days=4),
        half(2, "in", account=2, days=-4),
        half(2, "in", account=2, amount="10.01"),
        half(2, "in", account=2, currency="USD"),
    ):
        assert matched(going, other) == []


def test_the_nearest_day_goes_first_then_the_lowest_id():
    later, sooner = half(2, "in", account=2, days=2), half(3, "in", account=3, days=-1)
    assert matched(half(1, "out"), later, sooner) == [(1, 3)]
    same = [half(5, "in", account=2, days=1), half(4, "in", account=3, days=-1)]
    assert matched(half(1, "out"), *same) == [(1, 4)]
    # The nearer of two that want the same row gets it, whatever their ids.
    assert matched(half(1, "out", days=2), half(2, "out"), half(3, "in", account=2)) == [(2, 3)]


def test_old_rows_are_not_paired_with_each_other():
    rows = half(1, "out"), half(2, "in", account=2), half(3, "in", account=2, days=1)
    assert matched(*rows, fresh=set()) == []
    assert matched(*rows, fresh={3}) == [(1, 3)]


def test_a_rejected_pair_is_passed_over():
    rows = half(1, "out"), half(2, "in", account=2), half(3, "in", account=2)
    assert matched(*rows, rejected=[(1, 2)]) == [(1, 3)]
    assert matched(*rows, rejected=[(1, 2), (1, 3)]) == []


rows_of_halves = st.lists(
    st.tuples(
        st.sampled_from(["in", "out"]),
        st.integers(1, 3),
        st.integers(0, 6),
        st.sampled_from(["10", "20"]),
        st.sampled_from(["EUR", "USD"]),
    ),
    max_size=12,
)


@given(rows_of_halves)
def test_every_pair_is_right_nothing_is_left_and_order_does_not_matter(drawn):
    rows = [
        half(number, direction, account=account, days=days, amount=amount, currency=currency)
        for number, (direction, account, days, amount, currency) in enumerate(drawn, start=1)
    ]
    pairs = matched(*rows)
    by_id = {h.id: h for h in rows}
    used = [number for pair in pairs for number in pair]
    assert len(used) == len(set(used))
    assert all(is_pair(by_id[out], by_id[into]) for out, into in pairs)
    free = [h for h in rows if h.id not in used]
    assert not any(is_pair(a, b) for a in free for b in free)
    assert matched(*reversed(rows)) == pairs


def is_pair(going, coming):
    return (
        (going.direction, coming.direction) == ("out", "in")
        and going.account != coming.account
        and (going.amount, going.currency) == (coming.amount, coming.currency)
        and abs((going.date - coming.date).days) <= 3
    )
