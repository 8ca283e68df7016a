"""Why an amount is usual or not, in sentences with numbers."""

from collections.abc import Callable, Iterator
from math import exp, log

from insights.amounts.judging import Judgment, Known

#: Within this of the usual amount, it is about the same.
_ABOUT = 0.05
#: A record is worth a sentence once so many payments were there before.
_LEAST_OF_RECORD = 5
#: A first payment is said to be large beside other first ones from here on.
_WORTH_SAYING = 0.75
#: Smaller ratios are written with two digits.
_LEAST_WITH_TENTHS = 0.1

Money = Callable[[float], str]


def explain(amount: float, judgment: Judgment, known: Known, *, is_income: bool, money: Money) -> list[str]:
    """Sentences, the strongest first. `money` writes an amount as people read it."""
    if judgment.chance is None:
        n = round(known["all"].n) if "all" in known else 0
        return [f"There is nothing to compare with yet: {_counted(n)} of this kind in your ledger."]
    sentences = _of_payee if judgment.compared_with == "payee" else _of_new_payee
    return [*sentences(amount, judgment, known, is_income, money), _of_thousand(judgment.chance)]


def _of_payee(amount: float, judgment: Judgment, known: Known, is_income: bool, money: Money) -> Iterator[str]:
    payee, does = known["payee"], "pays" if is_income else "takes"
    n = judgment.n_history
    middle = exp(payee.median)
    what = f"what this payee usually {does}" if n > 1 else "the one payment of this payee before"
    yield _times(amount / middle, what, money(middle), n)
    largest = exp(payee.points[-1])
    if n >= _LEAST_OF_RECORD and amount > largest * (1 + _ABOUT):
        yield f"More than this payee ever was at before: {money(largest)} was the most."


def _of_new_payee(amount: float, judgment: Judgment, known: Known, is_income: bool, money: Money) -> Iterator[str]:
    is_of_category = judgment.compared_with == "category"
    where = "in this category" if is_of_category else "in your ledger"
    firsts = known.get("category_first" if is_of_category else "first")
    share = firsts.share_below(log(amount)) if firsts else 0
    more = f", and more than {share:.0%} of first payments {where}" if share > _WORTH_SAYING else ""
    yield f"The first payment {'from' if is_income else 'to'} this payee{more}."
    beside = known["category" if is_of_category else "all"]
    middle = exp(beside.median)
    yield _times(amount / middle, f"what is usual {where}", money(middle), round(beside.n))


def _times(ratio: float, what: str, middle: str, n: int) -> str:
    if abs(ratio - 1) <= _ABOUT:
        return f"About {what} ({middle}; {_counted(n)})."
    written = f"{ratio:,.1f}" if ratio >= _LEAST_WITH_TENTHS else f"{ratio:.2g}"
    return f"{written} times {what} ({middle}; {_counted(n)})."


def _of_thousand(chance: float) -> str:
    n = round(1000 * chance)
    return f"Of 1,000 ordinary payments, {f'about {n:,}' if n else 'fewer than one'} would be as unusual."


def _counted(n: int) -> str:
    return "1 payment" if n == 1 else f"{n:,} payments"


def same_amount_again(days: int) -> str:
    """`days`: since the earlier payment."""
    when = {0: "on the same day", 1: "the day before"}.get(days, f"{days} days before")
    return f"The same payee took the same amount {when}."
