"""Which column identifies a transaction: a wrong one would make the duplicate check take two rows for one."""

import re
from collections.abc import Sequence
from functools import lru_cache

from expenses.ledger.ibans import NotAnIban, read_iban
from statements.delimited.table import Column, Table
from statements.delimited.words import means, mentions

#: Longer cells, and cells with blanks, are texts that people wrote.
_MAX_LENGTH = 64


def identifier_column(free: Sequence[Column]) -> Column | None:
    """The column whose very header says so and whose cells are an id of their own in every row."""
    return next((c for c in free if c.weight("external_id") == 1.0 and identifies(c.cells)), None)


def identifies(cells: Sequence[str]) -> bool:
    """Whether every cell is filled, looks like an id, and is unlike all others; numbers of rows are no ids."""
    if not cells or len(set(cells)) < len(cells) or not all(map(_is_id, cells)):
        return False
    return not _counts_rows(cells)


def _is_id(cell: str) -> bool:
    return len(cell) <= _MAX_LENGTH and " " not in cell and any(map(str.isdigit, cell))


def _counts_rows(cells: Sequence[str]) -> bool:
    """Whether the cells are the numbers from 0 or 1 on, up or down, which begin anew in each file."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    numbers = sorted(map(int, cells))
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


_MCC = re.compile(r"[0-9]{4}")
#: An account number in groups of four, with room for what banks write around it; longer cells are texts.
_LONGEST_IBAN = 50
#: A person has few accounts, and each of them stands in several rows.
_OWN_ACCOUNTS, _ROWS_OF_EACH = 5, 4


def iban_in(cell: str) -> str:
    """The account number that the cell is, without spaces; "" when it is none."""
    return "" if len(cell) > _LONGEST_IBAN else _iban_in(cell)


@lru_cache(maxsize=8192)
def _iban_in(cell: str) -> str:
    try:
        return read_iban(cell)
    except NotAnIban:
        return ""


def is_mcc(cell: str) -> bool:
    """Whether the cell is a merchant category code of ISO 18245."""
    return _MCC.fullmatch(cell) is not None


def iban_columns(table: Table) -> list[Column]:
    """The columns of the other side's account: those that are called so, else one whose numbers are many's."""
    holding = [column for column in table.columns if _holds_ibans(column)]
    named = [column for column in holding if mentions(column.name, "other_account")]
    varied = [column for column in holding if _is_varied(column) and not means(column.name, "own_account")]
    return named or (varied if len(varied) == 1 else [])


def mcc_column(table: Table) -> Column | None:
    """The column that is called so and mostly holds such codes."""
    named = (column for column in table.columns if mentions(column.name, "mcc"))
    return next((c for c in named if c.filled and sum(map(is_mcc, c.filled)) * 2 > len(c.filled)), None)


def _holds_ibans(column: Column) -> bool:
    """Whether some cell is one, where the header speaks of accounts, or else most are."""
    n_ibans = sum(map(bool, map(iban_in, column.filled)))
    is_named = mentions(column.name, "other_account") or mentions(column.name, "iban")
    return n_ibans > 0 if is_named else n_ibans * 2 > len(column.filled)


def _is_varied(column: Column) -> bool:
    """Whether there are several, and not just those of a person's own accounts, of which every row has one."""
    numbers = [iban for iban in map(iban_in, column.filled) if iban]
    n_distinct = len(set(numbers))
    are_own = n_distinct <= _OWN_ACCOUNTS and n_distinct * _ROWS_OF_EACH <= len(numbers) == len(column.cells)
    return n_distinct > 1 and not are_own
