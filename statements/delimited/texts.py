"""Which columns say what a movement was for, and with whom."""

from statements.delimited.table import Column, Table
from statements.delimited.words import is_currency_code, means

_MAX_UNNAMED = 2
#: Headers known less well than this are passed over where others are known better.
_WELL_KNOWN = 0.9


def merchant_columns(free: list[Column]) -> list[Column]:
    """The columns of the other party, best first; none when two stand side by side, payer and payee."""
    named = _well_known([c for c in free if c.role == "merchant" and (c.is_text or not c.filled)])
    filled = [c for c in named if c.filled]
    if len(filled) > 1 and any(all(cells) for cells in zip(*(c.cells for c in filled), strict=True)):
        return []
    return [c for c in named if not c.is_constant] or filled


def description_columns(table: Table, free: list[Column], merchants: list[Column]) -> list[Column]:
    """The columns to join: by header, else both parties, else the longest texts; a kind for rows with nothing else."""
    chosen = [c for c in _named(free) if c not in merchants]
    if not merchants:
        chosen += _well_known([c for c in free if c.role == "merchant" and c.is_text])
    if not chosen and not merchants:
        chosen = _longest(free)
    if _leaves_rows_bare(table, [*chosen, *merchants]):
        chosen += [c for c in free if c.role in {"type", "flag"} and c.is_text and c not in chosen][:1]
    return chosen


def _named(free: list[Column]) -> list[Column]:
    named = _well_known([c for c in free if c.role == "description" and not c.is_dates and not _is_flag(c)])
    return [c for c in named if not c.filled or not c.is_constant] or named


def _well_known(named: list[Column]) -> list[Column]:
    return [c for c in named if c.meaning.weight >= _WELL_KNOWN] or named


def _is_flag(column: Column) -> bool:
    """Whether the column only says debit or credit."""
    return bool(column.filled) and all(means(word, "money_out") or means(word, "money_in") for word in column.distinct)


def _longest(free: list[Column]) -> list[Column]:
    texts = [c for c in free if c.role in {"", "external_id", "type"} and c.is_text and not _is_flag(c)]
    plain = [c for c in texts if not all(map(is_currency_code, c.distinct)) and any(map(_has_words, c.distinct))]
    varied = [c for c in plain if len(c.distinct) > 1] or plain
    return sorted(varied, key=lambda c: (-sum(map(len, c.filled)), c.index))[:_MAX_UNNAMED]


def _has_words(cell: str) -> bool:
    return sum(map(str.isalpha, cell)) * 2 > len(cell.replace(" ", ""))


def _leaves_rows_bare(table: Table, chosen: list[Column]) -> bool:
    rows = zip(*(c.cells for c in chosen), strict=True) if chosen else iter([()] * table.height)
    return any(not any(cells) for cells in rows)
