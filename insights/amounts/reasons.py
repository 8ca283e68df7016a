"""Why an amount is usual or not, in sentences with numbers.

What is unusual always has a sentence that says why; what is not is never told as if it were.
"""

from collections.abc import Callable, Iterator
from math import exp, log

from insights.amounts.judging import Expected, Judgment, Known

#: Within this of the usual amount, it is about the same.
_ABOUT = 0.05
#: A record is worth a sentence once so many payments were there before.
_LEAST_OF_RECORD = 5
#: So large a share of smaller amounts says why one is unusual.
_LARGE_SHARE = 0.75
#: Smaller ratios are written with two digits.
_LEAST_WITH_TENTHS = 0.1
#: What somebody new is compared with, by level.
_OTHERS = {
    "word": "Payments to payees with names that begin alike",
    "category_first": "First payments to a payee in this category",
    "category": "Payments in this category",
    "first": "First payments to a payee",
    "all": "Payments in your ledger",
}
#: What makes an amount odd that lies among others: see `oddity`.
_HALF = "So much is rare here: half of it would be far more ordinary."

Money = Callable[[float], str]


def explain(amount: float, judgment: Judgment, known: Known, *, is_income: bool, money: Money) -> list[str]:
    """Sentences, the strongest first. `money` writes an amount as people read it."""
    if judgment.chance is None or judgment.expected is None or judgment.level is None:
        n = round(known["all"].n) if "all" in known else 0
        return [f"There is nothing to compare with yet: {_counted(n)} of this kind in your ledger."]
    if judgment.level == "payee":
        sentences = _of_payee(amount, judgment, known, is_income, money)
    else:
        new = f"The first payment {'from' if is_income else 'to'} this payee."
        sentences = iter([new, *_of_others(amount, judgment.level, judgment.expected, judgment, known, money)])
    return [*sentences, _of_thousand(judgment.chance, is_anomalous=judgment.is_anomalous)]


def _of_payee(amount: float, judgment: Judgment, known: Known, is_income: bool, money: Money) -> Iterator[str]:
    payee, does = known["payee"], "pays" if is_income else "takes"
    n = judgment.n_history
    middle, largest = exp(payee.median), exp(payee.points[-1])
    what = f"what this payee usually {does}" if n > 1 else "the one payment of this payee before"
    is_more = amount > middle * (1 + _ABOUT)
    if is_more or not judgment.is_anomalous:
        yield _times(amount / middle, what, money(middle), n)
    if not judgment.is_anomalous:
        return
    if n >= _LEAST_OF_RECORD and amount > largest * (1 + _ABOUT):
        yield f"More than this payee ever was at before: {money(largest)} was the most."
    elif not is_more:
        yield _HALF


def _of_others(
    amount: float, level: str, expected: Expected, judgment: Judgment, known: Known, money: Money
) -> Iterator[str]:
    low, high = money(expected.low), money(expected.high)
    usual = f"{_OTHERS[level]} are usually {low} to {high}"
    if not judgment.is_anomalous:
        yield f"{usual}."
    elif amount <= expected.high * (1 + _ABOUT):
        yield _HALF
    else:
        yield f"{usual}{_share(amount, level, known)}."


def _share(amount: float, level: str, known: Known) -> str:
    share = known[level].share_below(log(amount))
    if amount > exp(known[level].points[-1]):
        return f"; this is more than any {'first payment ' if 'first' in level else ''}so far"
    return f"; {int(100 * share)} of 100 are smaller" if share > _LARGE_SHARE else ""


def _times(ratio: float, what: str, middle: str, n: int) -> str:
    if abs(ratio - 1) <= _ABOUT:
        return f"About {what} ({middle}; {_counted(n)})."
    written = f"{ratio:,.1f}" if ratio >= _LEAST_WITH_TENTHS else f"{ratio:.2g}"
    return f"{written} times {what} ({middle}; {_counted(n)})."


def _of_thousand(chance: float, *, is_anomalous: bool) -> str:
    n = round(1000 * chance)
    if not is_anomalous:
        return f"Not unusual: of 1,000 ordinary payments, about {n:,} are farther from what is expected."
    return f"Of 1,000 ordinary payments, {f'about {n:,}' if n else 'fewer than one'} would be as unusual."


def _counted(n: int) -> str:
    return "1 payment" if n == 1 else f"{n:,} payments"


def same_amount_again(days: int) -> str:
    """`days`: since the earlier payment."""
    when = {0: "on the same day", 1: "the day before"}.get(days, f"{days} days before")
    return f"The same payee took the same amount {when}."
