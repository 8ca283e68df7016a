"""Recurring payments: does the first prediction of each chain come true, and how many chains are found?

After every payment the product predicts its payee's next payments from the data until that day. A chain is new if none
of its payments was in an earlier predicted chain. Only spending counts, and only predictions for days within the data.
A prediction arrives if the payee is paid within 4 days of it (and after the day of the prediction). It is right if that
payment's amount is within 10 %.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from benchmarks import insights_product
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, FigureBound, Figures, FigureTable
from benchmarks.simple_chains import CHAIN_RULES, ExpectedPayment, foresee
from insights.payments import Payment

DAYS, TOLERANCE = 4, 0.10
#: Rule that the product is held against; rules that find more are seldom right.
ANCHOR = ">= 3 hits, 80 % of the payee's"
BOUNDS = (
    FigureBound("first: right", "more", 0.80, 0.80, 0.90),
    FigureBound("chains", "more", 171, 200, 250, is_ratio=True),
)
EARLY = f"{PRODUCT}, early"
#: Numbers of predictions, arrived and right ones: first predictions, then all later ones.
Counts = tuple[int, int, int, int, int, int]


def measure(household: Household) -> Mapping[str, Counts]:
    """Return counts by method."""
    paid = [payment for payment in household.payments if payment.kind == "expense"]
    if not paid:
        return {}
    found = {rule.name: count(foresee(paid, rule), paid) for rule in CHAIN_RULES}
    for name, expected in zip((PRODUCT, EARLY), insights_product.foresee_recurring(household), strict=True):
        found[name] = count((one for one in expected if one.kind == "expense"), paid)
    return found


def count(expected: Iterable[ExpectedPayment], paid: Sequence[Payment]) -> Counts:
    """Count predictions that came true, without those for days after the last payment."""
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


def _around(lane: Sequence[Payment], one: ExpectedPayment) -> Sequence[Payment]:
    """Return the payments in the days around a predicted one, after the prediction."""
    earliest, latest = max(one.on - dt.timedelta(DAYS), one.told_on + dt.timedelta(1)), one.on + dt.timedelta(DAYS)
    start = bisect_left(lane, earliest, key=lambda payment: payment.day)
    return lane[start : bisect_right(lane, latest, key=lambda payment: payment.day)]


def summarize(results: Sequence[Mapping[str, Counts]]) -> FigureTable:
    """Return the table over all households together."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([result[name] for result in results if name in result]) for name in names}
    own = rows.pop(PRODUCT, None)
    bounds = [] if own is None else BOUNDS
    return FigureTable(
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
