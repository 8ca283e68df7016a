"""Whether 3.900 is four or four thousand: an error of a thousand times, so it takes evidence or a question."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

from babel.numbers import get_currency_precision

from statements.delimited.amounts import AmountError, decimal_of, has_separator, is_clock, parse_amount, proven_decimal
from statements.delimited.balances import running_balance
from statements.delimited.columns import Columns
from statements.delimited.table import Column, Table
from statements.importer import Question

_THREE = 3
_OTHER = {".": ",", ",": "."}


class Decision(NamedTuple):
    """A decimal separator, "" when no amount holds one, with the question that remains."""

    decimal: str
    question: Question | None = None


def find_decimal(amounts: Sequence[str], table: Table, columns: Columns, currencies: Collection[str]) -> Decision:
    """The decimal separator of a statement; `amounts` are its cells of money, `currencies` the ISO codes it names.

    Evidence, in this order: the amounts, any other numbers of the table, the running balance, a currency of three minor
    units. Three digits behind the only separator are else taken for thousands, with a question.
    """
    guess, sure = decimal_of(amounts)
    proven = guess if sure else _proven_elsewhere(table, columns) or _proven_by_balance(columns)
    if proven:
        return Decision(proven)
    separated = [text for text in amounts if has_separator(text)]
    if not separated:
        return Decision("")
    if guess and currencies and all(get_currency_precision(code) >= _THREE for code in currencies):
        round_only = all(_digits(text).endswith("000") for text in separated)
        return Decision(_OTHER[guess], _question(separated[0], _OTHER[guess]) if round_only else None)
    return Decision(guess or ".", _question(separated[0], guess or "."))


def _proven_elsewhere(table: Table, columns: Columns) -> str:
    """By numbers that are no amounts, such as balances and rates; a column of times of day proves nothing."""
    others = [c for c in table.columns if c.is_numeric and c not in columns.money and not all(map(is_clock, c.filled))]
    return proven_decimal([cell for column in others for cell in column.filled])


def _proven_by_balance(columns: Columns) -> str:
    """The separator under which alone the balance is the running sum of the amounts."""
    if columns.balance is None:
        return ""
    fitting = [
        decimal
        for decimal in ".,"
        if running_balance(_moved(columns, decimal), _values(columns.balance, decimal)) is not None
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _moved(columns: Columns, decimal: str) -> list[Decimal | None]:
    """The amounts, or money in less money out."""
    if columns.amount is not None:
        return _values(columns.amount, decimal)
    out = _values(columns.debit, decimal) if columns.debit else []
    into = _values(columns.credit, decimal) if columns.credit else []
    return [(b or Decimal(0)) - abs(a or Decimal(0)) for a, b in zip_longest(out, into)]


def _values(column: Column, decimal: str) -> list[Decimal | None]:
    return [_value(cell, decimal) for cell in column.cells]


def _value(cell: str, decimal: str) -> Decimal | None:
    try:
        return parse_amount(cell, decimal).value if cell else None
    except AmountError:
        return None


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _question(example: str, taken: str) -> Question:
    other = _OTHER[taken]
    detail = (
        f"Nothing in the file says whether the separator in “{example}” is that of thousands or of fractions; "
        f"“{taken}” was taken as the decimal separator."
    )
    return Question("decimal", "unknown_decimal", detail, (taken, other))
