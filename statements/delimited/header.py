"""Where the header of a table stands: below a preamble of any length, or nowhere."""

from collections.abc import Sequence

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import is_date
from statements.delimited.movements import is_movement
from statements.delimited.records import Record
from statements.delimited.words import meaning

#: Records among which the header is looked for.
DEPTH = 40
_TELLING = {"date", "value_date", "amount", "debit", "credit", "balance", "description", "merchant", "currency", "flag"}
_DATED = {"date", "value_date"}
_MONEY = {"amount", "debit", "credit"}
_MIN_ROLES = 2
_MAX_NAME = 80


def find_header(sample: Sequence[Record]) -> int | None:
    """The index of the header among the records, None when the table has no header."""
    first = next((index for index, record in enumerate(sample) if is_movement(record.fields)), None)
    last = DEPTH if first is None else first
    scores = {index: header_score(record.fields) for index, record in enumerate(sample[:last])}
    best = max(scores, key=lambda index: scores[index], default=None)
    if best is not None and scores[best] >= _MIN_ROLES:
        return best
    return _by_shape(sample, first) if first else None


def header_score(fields: Sequence[str]) -> float:
    """How many different roles the cells name, by weight; 0 when they name no date or when some are values."""
    if len(fields) < 2 or any(_is_value(cell) for cell in fields):
        return 0.0
    weights: dict[str, float] = {}
    for cell in fields:
        found = meaning(cell)
        weights[found.role] = max(found.weight, weights.get(found.role, 0.0))
    if not (_DATED & weights.keys() and len(weights.keys() & _TELLING) >= _MIN_ROLES):
        return 0.0
    return sum(weight for role, weight in weights.items() if role in _TELLING) + bool(_MONEY & weights.keys())


def names_money(fields: Sequence[str]) -> bool:
    """Whether a header is enough to call an empty table a statement: it names a date and an amount."""
    roles = {meaning(cell).role for cell in fields}
    return bool(roles & _DATED) and bool(roles & _MONEY)


def _is_value(cell: str) -> bool:
    return is_date(cell) or bool(possible_decimals(cell.strip()))


def _by_shape(sample: Sequence[Record], first: int) -> int | None:
    """The last filled record above the first row, when it is as wide as that and all its cells are short names."""
    for index in range(first - 1, -1, -1):
        fields = sample[index].fields
        if any(cell.strip() for cell in fields):
            names = [cell for cell in fields if cell.strip()]
            wide = abs(len(fields) - len(sample[first].fields)) <= 1 and len(names) >= max(2, len(fields) * 0.6)
            return index if wide and all(_is_name(name) for name in names) else None
    return None


def _is_name(cell: str) -> bool:
    return len(cell) <= _MAX_NAME and not _is_value(cell) and any(map(str.isalpha, cell))
