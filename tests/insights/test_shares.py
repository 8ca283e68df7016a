"""Rounded parts add up to their whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.reports.sums import percent, shares

CENT = Decimal("0.01")
AMOUNTS = st.lists(st.decimals(min_value=Decimal(-10_000), max_value=Decimal(10_000), places=4), max_size=40)


def numbers(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        (["2", "1"], ["66.67", "33.33"]),
        (["10", "-5", "0"], ["100.00", None, None]),
        (["-10", "-5"], [None, None]),
        ([], []),
    ],
)
def test_shares_are_of_positive_amounts(amounts, expected):
    found = shares(numbers(*amounts))
    assert [None if share is None else str(share) for share in found] == expected


@given(AMOUNTS)
def test_shares_add_up_to_a_hundred(amounts):
    found = shares(amounts)
    assert [share is None for share in found] == [amount <= 0 for amount in amounts]
    known = [share for share in found if share is not None]
    assert sum(known) == (100 if known else 0)
    assert all(share >= 0 for share in known)


@given(AMOUNTS)
def test_no_share_is_a_hundredth_away_from_the_exact_one(amounts):
    base = sum(amount for amount in amounts if amount > 0)
    for amount, share in zip(amounts, shares(amounts), strict=True):
        assert share is None or abs(share - amount * 100 / base) < CENT


def test_a_percent_of_zero_or_less_is_none():
    assert percent(Decimal(5), Decimal(0)) is None
    assert percent(Decimal(5), Decimal(-1)) is None
    assert percent(Decimal(1), Decimal(8)) == Decimal("12.50")
