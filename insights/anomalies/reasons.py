"""Findings as sentences. Pure."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from expenses.ledger.money import format_amount


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence tells: `name` is the category's or the payee's as people write it."""

    kind: str
    name: str
    day: dt.date
    currency: str
    observed: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    severity: float
    known_bills: Decimal = Decimal(0)
    #: How many weeks before it was compared with.
    n_weeks: int = 52

    def money(self, amount: Decimal) -> str:
        return f"{format_amount(amount, self.currency)} {self.currency}"


def reason_of(told: Told) -> str:
    """One or two sentences that say what is odd, and against what."""
    return REASONS[told.kind](told)


def _unusual_week(told: Told) -> str:
    range_ = f"{format_amount(told.low, told.currency)} to {told.money(told.high)}" if told.high else "nothing"
    sentence = (
        f"{told.name}: {told.money(told.observed)} in the week from {told.day}. Such weeks usually take {range_}, and "
        f"{_share(told.severity)} {told.n_weeks} weeks before were more ordinary."
    )
    if told.known_bills > 0:
        sentence += f" Known bills of {told.money(told.known_bills)} are not counted."
    return sentence


def _share(severity: float) -> str:
    return "all of the" if severity >= 1 else f"{severity:.0%} of the"


def _missing_bill(told: Told) -> str:
    return (
        f"{told.name} was due on {told.day} with about {told.money(told.expected)}, as it came before, "
        "and nothing was paid."
    )


def _price_rise(told: Told) -> str:
    rise = told.observed / told.expected - 1
    return (
        f"{told.name} takes {told.money(told.observed)} since {told.day}, {told.money(told.expected)} before: "
        f"{rise:.0%} more."
    )


def _duplicate_charge(told: Told) -> str:
    return (
        f"{told.name} took {told.money(told.expected)} twice within some days, the second time on {told.day}, "
        "which it does not do as a rule."
    )


def _new_merchant(told: Told) -> str:
    return (
        f"The first payment to {told.name}, on {told.day}, is a large one: {told.money(told.observed)}. "
        f"First payments usually take up to {told.money(told.high)}."
    )


REASONS: dict[str, Callable[[Told], str]] = {
    "unusual_week": _unusual_week,
    "missing_bill": _missing_bill,
    "price_rise": _price_rise,
    "duplicate_charge": _duplicate_charge,
    "new_merchant": _new_merchant,
}
