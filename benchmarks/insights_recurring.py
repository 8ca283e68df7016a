"""Recurring payments: does the first prediction of each chain come true, and how many chains are found?

The product is asked after every payment about its payee, by what was there until that day; a chain is new when none
of its payments was in a chain it foretold before. Spending alone is counted; predictions for days after the last of the
data are not. A prediction arrives if the payee is paid within 4 days of it (after the day on which it was told), and is
right if that payment's amount is within 10 %.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from benchmarks import insights_product
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, Bound, Figures, Table
from benchmarks.simple_chains import CHAIN_RULES, Expected, foresee
from insights.payments import Payment

DAYS, TOLERANCE = 4, 0.10
#: The rule of the figures that are required; those that find more are seldom right.
ANCHOR = ">= 3 hits, 80 % of the payee's"
BOUNDS = (
    Bound("first: right", "more", 0.80, 0.80, 0.90),
    Bound("chains", "more", 171, 200, 250, is_ratio=True),
)
EARLY = f"{PRODUCT}, early"
#: Predictions, arrived and right ones: of first predictions, then of all later ones.
Counts = tuple[int, int, int, int, int, int]


def measure(household: Household) -> Mapping[str, Counts]:
    """Counts by method."""
    paid = [payment for payment in household.payments if payment.kind == "expense"]
    if not paid:
        return {}
    found = {rule.name: count(foresee(paid, rule), paid) for rule in CHAIN_RULES}
    own = insights_product.foresee_recurring(household)
    for name, expected in zip((PRODUCT, EARLY), own or (), strict=False):
        found[name] = count((one for one in expected if one.kind == "expense"), paid)
    return found


def count(expected: Iterable[Expected], paid: Sequence[Payment]) -> Counts:
    """How many came true; those that would fall after the last payment are left out."""
    lanes: dict[str, list[Payment]] = {}
    for payment in paid:
        lanes.setdefault(payment.payee, []).append(payment)
    counts = [0] * 6
    for one in expected:
        if one.on + dt.timedelta(DAYS) <= paid[-1].day:
            come = [payment for payee in one.payees for payment in _around(lanes[payee], one)]
            near = any(abs(float(payment.amount) - one.amount) <= TOLERANCE * one.amount for payment in come)
            offset = 0 if one.is_first else 3
            for i, happened in enumerate((True, bool(come), near)):
                counts[offset + i] += happened
    return tuple(counts)


def _around(lane: Sequence[Payment], one: Expected) -> Sequence[Payment]:
    """Payments in the days around the one foretold, after it was told."""
    earliest, latest = max(one.on - dt.timedelta(DAYS), one.told_on + dt.timedelta(1)), one.on + dt.timedelta(DAYS)
    start = bisect_left(lane, earliest, key=lambda payment: payment.day)
    return lane[start : bisect_right(lane, latest, key=lambda payment: payment.day)]


def summarize(results: Sequence[Mapping[str, Counts]]) -> Table:
    """All households together; beside the product only the anchor is the measure."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([result[name] for result in results if name in result]) for name in names}
    own = rows.pop(PRODUCT, None)
    bounds = [] if own is None else BOUNDS
    return Table(
        "Recurring payments, foretold online", rows, own, bounds, ["'chains' counts first predictions"], ANCHOR
    )


def _figures(counts: Sequence[Counts]) -> Figures:
    first, arrived, right, later, later_arrived, later_right = (sum(column) for column in zip(*counts, strict=True))
    return {
        "chains": float(first),
        "first: arrives": arrived / first if first else None,
        "first: right": right / first if first else None,
        "later": float(later),
        "later: arrives": later_arrived / later if later else None,
        "later: right": later_right / later if later else None,
    }
