"""How cells of money are written: the decimal separator, and which way the money went.

Each takes evidence or a question: 3.900 may be four or four thousand, and 12.00 money in or out.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any, NamedTuple

from babel.numbers import get_currency_precision

from statements.delimited.amounts import (
    Amount,
    AmountError,
    decimal_of,
    parse_amount,
    proven_decimal,
    separators,
)
from statements.delimited.columns import Columns, running_balance
from statements.delimited.table import Column, SampleTable
from statements.delimited.words import means, mentions
from statements.importer import UNKNOWN_DECIMAL, ReadingQuestion

_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3])[.,][0-5][0-9]")
_OTHER = {".": ",", ",": "."}


class DecimalChoice(NamedTuple):
    """A decimal separator, "" if no amount holds one, with the question that remains."""

    decimal: str
    question: ReadingQuestion | None = None


def find_decimal(
    amounts: Sequence[str], table: SampleTable, columns: Columns, currencies: Collection[str]
) -> DecimalChoice:
    """Return the decimal separator of a statement from its cells of money and the ISO codes that it names.

    Evidence, in this order: the amounts, any other numbers of the table, the running balance, a currency of three minor
    units or of none. Three digits behind the only separator are else taken for thousands, with a question.
    """
    guess, sure = decimal_of(amounts)
    # Numbers that are no amounts may prove it, such as balances and rates; a column of times of day proves nothing.
    numbers = [c for c in table.columns if c.is_numeric and c not in columns.money]
    others = [c for c in numbers if not all(map(_CLOCK.fullmatch, c.filled))]
    elsewhere = [cell for column in others for cell in column.filled]
    proven = guess if sure else proven_decimal(elsewhere) or _proven_by_balance(columns)
    if proven:
        return DecimalChoice(proven)
    separated = [text for text in amounts if separators(text)]
    if not separated:
        return DecimalChoice("")
    if guess and currencies and not any(map(get_currency_precision, currencies)):
        return DecimalChoice(guess)
    if guess and currencies and all(get_currency_precision(code) >= 3 for code in currencies):
        round_only = all("".join(filter(str.isdigit, text)).endswith("000") for text in separated)
        return DecimalChoice(_OTHER[guess], _question(separated[0], _OTHER[guess]) if round_only else None)
    return DecimalChoice(guess or ".", _question(separated[0], guess or "."))


def _proven_by_balance(columns: Columns) -> str:
    """Return the one separator under which the balance is the running sum of the amounts, or ""."""
    if columns.balance is None:
        return ""
    fitting = []
    for decimal in ".,":
        amounts = _numbers(columns.amount, decimal)
        if columns.amount is None:
            pairs = zip_longest(_numbers(columns.debit, decimal), _numbers(columns.credit, decimal))
            amounts = [(into or Decimal(0)) - abs(out or Decimal(0)) for out, into in pairs]
        if running_balance(amounts, _numbers(columns.balance, decimal)) is not None:
            fitting.append(decimal)
    return fitting[0] if len(fitting) == 1 else ""


def _question(example: str, taken: str) -> ReadingQuestion:
    other = _OTHER[taken]
    detail = (
        f"Nothing in the file says whether the separator in “{example}” is that of thousands or of fractions; "
        f"“{taken}” was taken as the decimal separator."
    )
    return ReadingQuestion("decimal", UNKNOWN_DECIMAL, detail, (taken, other))


_MAX_FLAGS = 6
#: Reversals may be negative beside a flag; more negative amounts than this share mean that the amounts carry the sign.
_FEW_NEGATIVE = 0.1


@dataclass(frozen=True)
class Flag:
    """A column whose words say which way the money went; where one list is empty, it means every other word."""

    column: Column
    negative_when: list[str]
    positive_when: list[str]


@dataclass(frozen=True)
class Signs:
    """The profile's keys about signs, and the way in which the rows run (1 oldest first, -1, or 0 for unknown)."""

    invert: bool = False
    unsigned_is: str = "in"
    debit_is_negative: bool = False
    flag: Flag | None = None
    direction: int = 0
    questions: list[ReadingQuestion] = field(default_factory=list)


def find_signs(table: SampleTable, columns: Columns, decimal: str) -> Signs:
    """Return how amounts are signed from the account holder's side."""
    balances = _numbers(columns.balance, decimal)
    if columns.amount is None:
        return _pair_signs(columns, decimal, balances)
    amounts = [_read(cell, decimal) for cell in columns.amount.cells]
    signs = _written_signs(table, columns, amounts)
    proof = running_balance(_signed(amounts, signs), balances) if balances else None
    if proof:
        return replace(signs, invert=proof.sign < 0, direction=proof.direction)
    known = [amount.value for amount in amounts if amount is not None and amount.value]
    if signs.flag or signs.unsigned_is == "out" or not known:
        return signs
    if all(amount.marked for amount in amounts if amount is not None and amount.value):
        return signs  # a plus says that money came in
    # A list without a minus, and a card's list of mostly positive amounts, leave the sign in doubt.
    n_positive = sum(value > 0 for value in known)
    if payments := _card_payments(columns, amounts):
        invert = all(value < 0 for value in payments) and n_positive > 0
        return replace(signs, invert=invert, questions=[_sign_question(inverted=True)] if invert else [])
    above = [cell for fields in table.preamble for cell in fields]
    is_card = any(mentions(text, "card") for text in (*table.names, *above))
    if n_positive == len(known) or (is_card and n_positive * 2 > len(known)):
        return replace(signs, invert=is_card, questions=[_sign_question(inverted=is_card)])
    return signs


def _card_payments(columns: Columns, amounts: Sequence[Amount | None]) -> list[Decimal]:
    """Return the amounts of rows that pay a card's bill, if no charge has their sign and some have the other one."""
    texts = zip(*(column.cells for column in (*columns.descriptions, *columns.merchants)), strict=True)
    rows = [
        (any(mentions(cell, "card_payment") for cell in cells), amount)
        for cells, amount in zip(texts, amounts, strict=False)
    ]
    paid = [amount.value for is_payment, amount in rows if is_payment and amount and amount.value]
    others = [amount.value for is_payment, amount in rows if not is_payment and amount and amount.value]
    signs = {value > 0 for value in paid}
    n_opposed = sum((value > 0) not in signs for value in others)
    return paid if len(signs) == 1 and n_opposed * 2 > len(others) else []


def _read(cell: str, decimal: str) -> Amount | None:
    try:
        return parse_amount(cell, decimal) if cell else None
    except AmountError:
        return None


def _numbers(column: Column | None, decimal: str) -> list[Decimal | None]:
    amounts = [_read(cell, decimal) for cell in column.cells] if column else []
    return [None if amount is None else amount.value for amount in amounts]


def _pair_signs(columns: Columns, decimal: str, balances: Sequence[Decimal | None]) -> Signs:
    """Return the signs of debit and credit. Debits may be negative already; a running balance tells a swapped pair."""
    out, into = _numbers(columns.debit, decimal), _numbers(columns.credit, decimal)
    negative = _are_mostly_negative(out)
    # Some cards list charges as positive debits and payments as negative credits: one amount, turned around.
    turned = _are_mostly_negative(into) and not negative
    negative = negative or turned
    amounts = [(b or Decimal(0)) + (a or Decimal(0)) * (1 if negative else -1) for a, b in zip_longest(out, into)]
    amounts = [-amount for amount in amounts] if turned else amounts
    proof = running_balance(amounts, balances) if balances else None
    if proof is None:
        named = any(column is not None and column.role in {"debit", "credit"} for column in columns.money)
        questions = [] if named else [_sign_question(inverted=False)]
        return Signs(debit_is_negative=negative, invert=turned, questions=questions)
    return Signs(debit_is_negative=negative, invert=turned != (proof.sign < 0), direction=proof.direction)


def _are_mostly_negative(values: Sequence[Decimal | None]) -> bool:
    moved = [value for value in values if value]
    return sum(value < 0 for value in moved) * 2 > len(moved)


def _written_signs(table: SampleTable, columns: Columns, amounts: Sequence[Amount | None]) -> Signs:
    """Return signs by a flag if amounts have no minus; by a missing mark if only money in is marked (+ or CR)."""
    known = [amount for amount in amounts if amount is not None and amount.value]
    n_negative = sum(amount.value < 0 for amount in known)
    if n_negative <= _FEW_NEGATIVE * len(known):
        taken = (*columns.dates, *columns.money, columns.balance, columns.currency)
        flags = [found for column in table.columns if column not in taken and (found := _as_flag(column))]
        flags.sort(key=lambda flag: (not (flag.negative_when and flag.positive_when), flag.column.role != "flag"))
        if flags:
            pairs = zip(amounts, _flagged_out(flags[0]), strict=True)
            is_repeated = all(amount.value <= 0 for amount, out in pairs if amount is not None and out)
            if not (n_negative and is_repeated):
                return Signs(flag=flags[0])
    if not n_negative and 0 < sum(amount.marked for amount in known) < len(known):
        return Signs(unsigned_is="out")
    return Signs()


def _as_flag(column: Column) -> Flag | None:
    words = sorted(column.distinct)
    if not 0 < len(words) <= _MAX_FLAGS:
        return None
    out = [word for word in words if means(word, "money_out")]
    into = [word for word in words if means(word, "money_in")]
    if len(out) + len(into) != len(words):
        return None
    only_marks_some = not column.name and column.fullness < 1
    return Flag(column, out, into) if (out and into) or column.weight("flag") == 1.0 or only_marks_some else None


def _flagged_out(flag: Flag) -> list[bool]:
    """Return for each row True if the flag calls it money out."""
    out, into = flag.negative_when, flag.positive_when
    return [cell in out or (not out and cell not in into) for cell in flag.column.cells]


def _signed(amounts: Sequence[Amount | None], signs: Signs) -> list[Decimal | None]:
    outward = [False] * len(amounts)
    if signs.flag:
        outward = _flagged_out(signs.flag)
    elif signs.unsigned_is == "out":
        outward = [amount is not None and not amount.marked for amount in amounts]
    pairs = zip(amounts, outward, strict=True)
    return [None if amount is None else -amount.value if out else amount.value for amount, out in pairs]


def _sign_question(*, inverted: bool) -> ReadingQuestion:
    taken = "money out, as cards list charges" if inverted else "money in, as written"
    detail = f"Nothing in the file says whether its positive amounts are money in or out; they were taken as {taken}."
    alternatives: tuple[Any, ...] = (inverted, not inverted)
    return ReadingQuestion("invert_sign", "unknown_sign", detail, alternatives)
