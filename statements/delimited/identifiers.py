"""Which column identifies a transaction: a wrong one would make the duplicate check take two rows for one."""

from collections.abc import Sequence

from statements.delimited.table import Column

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
