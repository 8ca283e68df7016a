"""Sentences with numbers that say what is unusual about an anomaly or an amount, and compared with what. Pure."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from math import ceil, exp, log
from typing import TYPE_CHECKING

from expenses.ledger.money import Money, format_amount
from insights.anomalies.amount_scores import FALSE_FLAGS, AmountRange, AmountScore, SketchesByLevel

if TYPE_CHECKING:
    from insights.models import Anomaly

#: Amounts within this share of the usual one are about the same.
ABOUT = 0.05
#: A reason names the record of a payee from this many payments on.
LEAST_OF_RECORD = 5
#: The share of smaller amounts that says why one is unusual.
LARGE_SHARE = 0.75
#: Smaller ratios are written with two digits.
LEAST_WITH_TENTHS = 0.1
#: What a payment to a new payee is compared with, by level.
OTHERS = {
    "word": "Payments to payees with names that begin alike",
    "category_first": "First payments to a payee in this category",
    "category": "Payments in this category",
    "first": "First payments to a payee",
    "all": "Payments in your ledger",
}
#: Chances are told as so many of a thousand payments.
IN_A_THOUSAND = 1000
#: The reason for an unusual amount that lies among others: see `log_odds`.
HALF = "So much is rare here: half of it would be far more ordinary."

FormatMoney = Callable[[float], str]


def reason_of(anomaly: "Anomaly", *, name: str) -> str:
    """Return the reason of a stored anomaly. `name` is the display name of its category or payee."""

    def money(amount: Decimal) -> str:
        return str(Money(amount, anomaly.currency))

    day, observed, expected = anomaly.day, money(anomaly.observed), money(anomaly.expected)
    match anomaly.kind:
        case "missing_bill":
            return f"{name} was due on {day} with about {expected}, as it came before, and nothing was paid."
        case "price_rise":
            rise = anomaly.observed / anomaly.expected - 1
            return f"{name} takes {observed} since {day}, {expected} before: {rise:.0%} more."
        case "duplicate_charge":
            return (
                f"{name} took {expected} twice within some days, the second time on {day}, "
                "which it does not do as a rule."
            )
        case "new_merchant":
            return (
                f"The first payment to {name}, on {day}, is a large one: {observed}. "
                f"First payments usually take up to {money(anomaly.high)}."
            )
    low, high = format_amount(anomaly.low, anomaly.currency), money(anomaly.high)
    usual = "nothing" if not anomaly.high else high if money(anomaly.low) == high else f"{low} to {high}"
    share = "all of the" if anomaly.severity >= 1 else f"{anomaly.severity:.0%} of the"
    reason = (
        f"{name}: {observed} in the week from {day}. Such weeks usually take {usual}, and "
        f"{share} {anomaly.parts.get('n_weeks', 0)} weeks before were more ordinary."
    )
    known_bills = Decimal(anomaly.parts.get("known_bills", 0))
    return f"{reason} Known bills of {money(known_bills)} are not counted." if known_bills > 0 else reason


def explain(
    amount: float, score: AmountScore, known: SketchesByLevel, *, is_income: bool, money: FormatMoney
) -> list[str]:
    """Return the reasons of an amount's score, the strongest first. An unusual amount always has one."""
    if score.chance is None or score.level is None or score.expected is None:
        n = round(known["all"].n) if "all" in known else 0
        return [f"There is nothing to compare with yet: {_counted(n)} of this kind in your ledger."]
    if score.level == "payee":
        sentences = list(_beside_payee(amount, score, known, is_income=is_income, money=money))
    else:
        first = f"The first payment {'from' if is_income else 'to'} this payee."
        low, high = money(score.expected.low), money(score.expected.high)
        expected = f"at {low}" if low == high else f"from {low} to {high}"
        others = f"{OTHERS[score.level]}: eight of ten are expected {expected}"
        if not score.is_anomalous:
            sentences = [first, f"{others}{_beside(amount, score.expected)}."]
        elif amount <= score.expected.high * (1 + ABOUT):
            sentences = [first, HALF]
        else:
            sentences = [first, f"{others}{_share_of_smaller(amount, score.level, known)}."]
    if score.is_anomalous:
        n = round(IN_A_THOUSAND * score.chance)
        last = f"Of 1,000 ordinary payments, {f'about {n:,}' if n else 'fewer than one'} would be as unusual."
    elif amount < score.expected.usual * (1 - ABOUT):
        usual = money(score.expected.usual)
        last = (
            f"Not unusual: it is less than the usual {usual}, and only payments that are too high are called unusual."
        )
    else:
        n, limit = ceil(IN_A_THOUSAND * score.chance), round(IN_A_THOUSAND * FALSE_FLAGS)
        last = (
            f"Not unusual: of 1,000 ordinary payments, about {n:,} are farther from what is expected, and {limit} or "
            "fewer would make it unusual."
        )
    return [*sentences, last]


def _beside(amount: float, expected: AmountRange) -> str:
    """Return where an amount lies beside the expected ones; an empty text if it is among them."""
    if amount > expected.high * (1 + ABOUT):
        return "; this is more"
    return "; this is less" if amount < expected.low * (1 - ABOUT) else ""


def _beside_payee(
    amount: float, score: AmountScore, known: SketchesByLevel, *, is_income: bool, money: FormatMoney
) -> Iterator[str]:
    payee, n = known["payee"], score.n_history
    middle, largest = exp(payee.median), exp(payee.points[-1])
    is_more, ratio = amount > middle * (1 + ABOUT), amount / middle
    is_usual = abs(ratio - 1) <= ABOUT
    if is_more or not score.is_anomalous:
        written = f"{ratio:,.1f}" if ratio >= LEAST_WITH_TENTHS else f"{ratio:.2g}"
        times = "About" if is_usual else f"{written} times"
        if n == 1:
            yield f"{times} the one payment of this payee before ({money(middle)}; 1 payment)."
        elif is_usual or score.is_anomalous:
            verb = "pays" if is_income else "takes"
            yield f"{times} what this payee usually {verb} ({money(middle)}; {_counted(n)})."
        else:  # what is not unusual is not said to be so many times the usual
            yield f"{times} the median of this payee ({money(middle)}; {_counted(n)})."
    if not score.is_anomalous:
        return
    if n >= LEAST_OF_RECORD and amount > largest * (1 + ABOUT):
        yield f"More than this payee ever was at before: {money(largest)} was the most."
    elif not is_more:
        yield HALF


def _share_of_smaller(amount: float, level: str, known: SketchesByLevel) -> str:
    if amount > exp(known[level].points[-1]):
        return f"; this is more than any {'first payment ' if 'first' in level else ''}so far"
    share = known[level].share_below(log(amount))
    return f"; {int(100 * share)} of 100 are smaller" if share > LARGE_SHARE else ""


def _counted(n: int) -> str:
    return "1 payment" if n == 1 else f"{n:,} payments"


def same_amount_again(days: int) -> str:
    """Return the sentence about an equal payment of so many days before."""
    when = {0: "on the same day", 1: "the day before"}.get(days, f"{days} days before")
    return f"The same payee took the same amount {when}."
