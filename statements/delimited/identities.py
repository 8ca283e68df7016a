"""Columns that identify a transaction, the other side's account, or a kind of merchant.

A wrong id would make the duplicate check take two rows for one. The account of the statement itself stands in many
files, too, and must not be taken for the other side's.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from expenses.ledger.ibans import NotAnIban, read_iban
from statements.delimited.table import Column, SampleTable
from statements.delimited.words import means, mentions

#: Longer cells, and cells with blanks, are texts that people wrote.
_MAX_LENGTH = 64


def identifier_column(free: Sequence[Column]) -> Column | None:
    """Return the column that is called an id and holds another id in every row, or None."""
    return next((c for c in free if c.weight("external_id") == 1.0 and identifies(c.cells)), None)


def identifies(cells: Sequence[str]) -> bool:
    """Return True if every cell is filled, looks like an id, and differs from all others; row numbers are no ids."""
    are_ids = all(len(cell) <= _MAX_LENGTH and " " not in cell and any(map(str.isdigit, cell)) for cell in cells)
    if not cells or len(set(cells)) < len(cells) or not are_ids:
        return False
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return True
    numbers = sorted(map(int, cells))
    counts_rows = numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return not counts_rows  # such numbers begin again in each file


_MCC = re.compile(r"[0-9]{4}")
#: An account number in groups of four, with room for what banks write around it; longer cells are texts.
_LONGEST_IBAN = 50
#: A person has few accounts, and each of them stands in several rows.
_OWN_ACCOUNTS, _ROWS_OF_EACH = 5, 4


def iban_in(cell: str) -> str:
    """Return the cell as an account number without spaces, "" if it is none."""
    return "" if len(cell) > _LONGEST_IBAN else _iban_in(cell)


@lru_cache(maxsize=8192)
def _iban_in(cell: str) -> str:
    try:
        return read_iban(cell)
    except NotAnIban:
        return ""


def is_mcc(cell: str) -> bool:
    """Return True if the cell is a merchant category code of ISO 18245."""
    return _MCC.fullmatch(cell) is not None


def iban_columns(table: SampleTable) -> list[Column]:
    """Return the columns of the other side's account: those called so, else the one that holds many numbers."""
    holding = []
    for column in table.columns:
        n_ibans = sum(map(bool, map(iban_in, column.filled)))
        is_named = mentions(column.name, "other_account") or mentions(column.name, "iban")
        if n_ibans * 2 > len(column.filled) or (is_named and n_ibans):
            holding.append(column)
    named = [column for column in holding if mentions(column.name, "other_account")]
    varied = [column for column in holding if _is_varied(column) and not means(column.name, "own_account")]
    return named or (varied if len(varied) == 1 else [])


def mcc_column(table: SampleTable) -> Column | None:
    """Return the column that is called a merchant category code and mostly holds such codes, or None."""
    named = (column for column in table.columns if mentions(column.name, "mcc"))
    return next((c for c in named if c.filled and sum(map(is_mcc, c.filled)) * 2 > len(c.filled)), None)


def _is_varied(column: Column) -> bool:
    """Return True if the column holds several accounts, and not just those of the statement's owner."""
    numbers = [iban for iban in map(iban_in, column.filled) if iban]
    n_distinct = len(set(numbers))
    are_own = n_distinct <= _OWN_ACCOUNTS and n_distinct * _ROWS_OF_EACH <= len(numbers) == len(column.cells)
    return n_distinct > 1 and not are_own
