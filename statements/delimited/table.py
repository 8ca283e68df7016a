"""The beginning of a file as a table: which rows hold a date and an amount, and what each column holds in them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import is_date
from statements.delimited.movements import is_movement
from statements.delimited.records import Record
from statements.delimited.words import NO_MEANING, Meaning, meaning

NUMERIC_SHARE = 0.8
DATE_SHARE = 0.7
_LONG_INTEGER = 8


def tidy(cell: str) -> str:
    """The cell without blanks around it and without the dress that keeps spreadsheets from changing it: ="007"."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1].strip()
    return cell


@dataclass(frozen=True)
class Column:
    """One column of the rows that hold a date and an amount."""

    index: int
    name: str
    cells: tuple[str, ...]
    meaning: Meaning = NO_MEANING

    @property
    def role(self) -> str:
        return self.meaning.role

    def weight(self, role: str) -> float:
        return self.meaning.weight if self.role == role else 0.0

    @cached_property
    def filled(self) -> list[str]:
        return [cell for cell in self.cells if cell]

    @cached_property
    def distinct(self) -> set[str]:
        return set(self.filled)

    @cached_property
    def is_dates(self) -> bool:
        return bool(self.filled) and sum(map(is_date, self.filled)) >= DATE_SHARE * len(self.filled)

    @cached_property
    def is_numeric(self) -> bool:
        if not self.filled or self.is_dates:
            return False
        return sum(1 for cell in self.filled if possible_decimals(cell)) >= NUMERIC_SHARE * len(self.filled)

    @cached_property
    def is_text(self) -> bool:
        return bool(self.filled) and not self.is_dates and not self.is_numeric

    @property
    def is_constant(self) -> bool:
        return len(self.cells) >= 3 and len(self.distinct) <= 1

    @property
    def fullness(self) -> float:
        return len(self.filled) / len(self.cells) if self.cells else 0.0

    @property
    def is_identifier(self) -> bool:
        """Whether most cells are long whole numbers or begin with a zero: accounts, cards, references."""
        return sum(map(_is_identifier, self.filled)) * 2 > len(self.filled)


def _is_identifier(cell: str) -> bool:
    return cell.isdigit() and (len(cell) >= _LONG_INTEGER or (len(cell) > 1 and cell[0] == "0"))


@dataclass(frozen=True)
class Table:
    """The sample of a file below its header; `preamble` is what stands above."""

    header_row: int | None
    names: list[str]
    columns: list[Column]
    preamble: list[list[str]]
    body: list[Record]

    @property
    def height(self) -> int:
        return len(self.columns[0].cells) if self.columns else 0


def table_of(sample: Sequence[Record], header_row: int | None) -> Table:
    """The columns of a sample. A header that does not stand above its columns lends them no meaning."""
    first = 0 if header_row is None else header_row + 1
    names = [] if header_row is None else [" ".join(name.split()) for name in sample[header_row].fields]
    body = list(sample[first:])
    rows = [record.fields for record in body if is_movement(record.fields)]
    width = max(len(names), _usual_width(rows))
    cells = list(zip(*([tidy(cell) for cell in row[:width]] + [""] * (width - len(row)) for row in rows), strict=True))
    columns = [_column(index, names, cells[index] if cells else ()) for index in range(width)]
    if rows and _is_misaligned(names, columns, rows):
        columns = [Column(column.index, "", column.cells) for column in columns]
    above = [record.fields for record in sample[: header_row or 0]]
    return Table(header_row, names, columns, above, body)


def _column(index: int, names: list[str], cells: tuple[str, ...]) -> Column:
    name = names[index] if index < len(names) else ""
    return Column(index, name, cells, meaning(name) if name else NO_MEANING)


def _usual_width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _is_misaligned(names: list[str], columns: list[Column], rows: list[list[str]]) -> bool:
    """Whether the rows are of another width than the header and hold no amount where it says so."""
    if len("".join((name and "x") or " " for name in names).rstrip()) == _usual_width(rows) or not names:
        return False
    amounts = [column for column in columns if column.role in {"amount", "debit", "credit"}]
    dates = [column for column in columns if column.role in {"date", "value_date"}]
    return not any(column.is_numeric for column in amounts) or not any(column.is_dates for column in dates)
