"""The table in a file: its records, how they are split, where its header stands, and its columns."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count, islice
from typing import NamedTuple

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import is_date
from statements.delimited.words import NO_MEANING, Meaning, meaning


def is_movement(fields: Sequence[str]) -> bool:
    """Return True if one cell is a date and another one a number: a movement of money at first sight."""
    dated = counted = False
    for cell in fields:
        if cell[:1] == "=":
            cell = tidy(cell)  # noqa: PLW2901 - the cell as the spreadsheet shows it
        if not dated and is_date(cell):
            dated = True
        elif not counted and possible_decimals(cell.strip()):
            counted = True
        if dated and counted:
            return True
    return False


#: A quoted field may hold a block of legal text, but not the rest of the file.
MAX_LINES = 40
_SHOWN_CHARACTERS = 200
_BREAKS = ("\n", "\r")
#: Lines that are split at once: few at first, since most readers want a sample.
_FIRST_LINES, _MOST_LINES = 128, 5000
_GUARD = "guard\n"


class Record(NamedTuple):
    """The fields of one record and the line, counted from 1, on which it begins; `error` when it cannot be split.

    `is_open_ended` is true for a last record without a line break behind it: the file may be cut off there.
    """

    line: int
    fields: list[str]
    error: str = ""
    is_open_ended: bool = False


class RecordBlock(NamedTuple):
    """Records of one line each, one after the other from `line`, with a line break behind each."""

    line: int
    rows: list[list[str]]


class _OpenQuoteError(Exception):
    """A record goes on for more lines than any real one."""


class _Lines(Iterator[str]):
    """Lines that remember what the current record has taken and can give all but the first back."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES:
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else next(self._source)
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]
        return self.taken[0]


def records(data: bytes, *, encoding: str, delimiter: str, quotechar: str = '"') -> Iterator[Record]:
    """Yield every record, blank ones too. Bytes that the encoding does not know become U+FFFD.

    Quotes that never close and fields that never end spoil one record each, not the rest of the file.
    """
    return each_record(record_blocks(data, encoding=encoding, delimiter=delimiter, quotechar=quotechar))


def each_record(blocks: Iterable[RecordBlock | Record]) -> Iterator[Record]:
    """Yield the records of blocks one at a time."""
    for block in blocks:
        if isinstance(block, Record):
            yield block
        else:
            yield from map(Record, count(block.line), block.rows)


def record_blocks(
    data: bytes, *, encoding: str, delimiter: str, quotechar: str = '"'
) -> Iterator[RecordBlock | Record]:
    """Yield the records as `records` does, in blocks as long as each line is a record."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="replace", newline="")
    line, size = 1, _FIRST_LINES
    while taken := list(islice(text, size)):
        rows = _rows_of_lines(taken, delimiter, quotechar)
        if rows is None:
            yield from _careful_records(chain(taken, text), line, delimiter, quotechar)
            return
        last = rows.pop() if taken[-1][-1:] not in _BREAKS else None
        yield RecordBlock(line, rows)
        if last is not None:
            yield Record(line + len(rows), last, is_open_ended=True)
        line += len(taken)
        size = min(size * 4, _MOST_LINES)


def _rows_of_lines(lines: list[str], delimiter: str, quotechar: str) -> list[list[str]] | None:
    """Return the fields of each line, or None if a record goes on over a line's end or cannot be split."""
    guarded = csv.reader([*lines, _GUARD], delimiter=delimiter, quotechar=quotechar, skipinitialspace=True)
    try:
        rows = list(guarded)
    except csv.Error:
        return None
    # An open quote takes the line behind it, at the end the guard, into its record.
    return rows if len(rows) == len(lines) + 1 and rows.pop() == [_GUARD.strip()] else None


def _careful_records(source: Iterable[str], line: int, delimiter: str, quotechar: str) -> Iterator[Record]:
    """Yield the records of lines that begin at `line`, one at a time."""
    lines = _Lines(source)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quotechar, skipinitialspace=True)
    while True:
        record = _next_record(reader, lines, line, delimiter, quotechar)
        if record is None:
            return
        yield record._replace(is_open_ended=True) if lines.taken[-1][-1:] not in _BREAKS else record
        line += len(lines.taken)
        lines.taken.clear()


def _next_record(
    reader: Iterator[list[str]], lines: _Lines, line: int, delimiter: str, quotechar: str
) -> Record | None:
    try:
        fields = next(reader)
    except StopIteration:
        return None
    except (csv.Error, _OpenQuoteError):
        return _first_line(lines, line, delimiter, quotechar)
    # Lines are joined by mistake where quotation marks do not pair up, or where a further line is a row of its own.
    is_unpaired = sum(text.count(quotechar) for text in lines.taken) % 2 == 1
    further = ([cell.strip(f" {quotechar}\r\n") for cell in text.split(delimiter)] for text in lines.taken[1:])
    if len(lines.taken) > 1 and (is_unpaired or any(map(is_movement, further))):
        return _first_line(lines, line, delimiter, quotechar)
    return Record(line, fields)


def _first_line(lines: _Lines, line: int, delimiter: str, quotechar: str) -> Record:
    """Split the first line alone, its quotation marks taken literally."""
    text = lines.keep_first()
    try:
        [fields] = csv.reader([text], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    except csv.Error as error:
        return Record(line, [text[:_SHOWN_CHARACTERS]], str(error))
    return Record(line, [field.strip().strip(quotechar) for field in fields])


#: Records among which the header is looked for.
DEPTH = 40
_TELLING = {"date", "value_date", "amount", "debit", "credit", "balance", "description", "merchant", "currency", "flag"}
_DATED = {"date", "value_date"}
_MONEY = {"amount", "debit", "credit"}
_MIN_ROLES = 2
_MAX_NAME = 80


def find_header(sample: Sequence[Record]) -> int | None:
    """Return the index of the header among the records, or None if the table has no header."""
    first = next((index for index, record in enumerate(sample) if is_movement(record.fields)), None)
    last = DEPTH if first is None else first
    scores = {index: header_score(record.fields) for index, record in enumerate(sample[:last])}
    best = max(scores, key=lambda index: scores[index], default=None)
    if best is not None and scores[best] >= _MIN_ROLES:
        return best
    # A header in unknown words: the last filled record above the first row, as wide as that, of short names alone.
    above = range((first or 0) - 1, -1, -1)
    index = next((i for i in above if any(map(str.strip, sample[i].fields))), None)
    if first is None or index is None:
        return None
    fields = sample[index].fields
    names = [cell for cell in fields if cell.strip()]
    is_wide = abs(len(fields) - len(sample[first].fields)) <= 1 and len(names) >= max(2, len(fields) * 0.6)
    are_names = all(len(name) <= _MAX_NAME and not _is_value(name) and any(map(str.isalpha, name)) for name in names)
    return index if is_wide and are_names else None


def header_score(fields: Sequence[str]) -> float:
    """Return how many roles the cells name, by weight; 0 if they name no date or if some are values."""
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
    """Return True if the header names a date and an amount: enough to call an empty table a statement."""
    roles = {meaning(cell).role for cell in fields}
    return bool(roles & _DATED) and bool(roles & _MONEY)


def _is_value(cell: str) -> bool:
    return is_date(cell) or bool(possible_decimals(cell.strip()))


NUMERIC_SHARE = 0.8
DATE_SHARE = 0.7
_LONG_INTEGER = 8


def tidy(cell: str) -> str:
    """Return the cell without blanks around it, and without the ="…" that keeps spreadsheets from changing it."""
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
        """Return True if most cells are long whole numbers or begin with a zero: accounts, cards, references."""
        numbers = [cell for cell in self.filled if cell.isdigit()]
        n_ids = sum(len(cell) >= _LONG_INTEGER or (len(cell) > 1 and cell[0] == "0") for cell in numbers)
        return n_ids * 2 > len(self.filled)


@dataclass(frozen=True)
class SampleTable:
    """The sample of a file below its header; `preamble` holds the records above."""

    header_row: int | None
    names: list[str]
    columns: list[Column]
    preamble: list[list[str]]
    body: list[Record]

    @property
    def height(self) -> int:
        return len(self.columns[0].cells) if self.columns else 0


def table_of(sample: Sequence[Record], header_row: int | None) -> SampleTable:
    """Return the columns of a sample. A header that does not stand above its columns lends them no meaning."""
    first = 0 if header_row is None else header_row + 1
    names = [] if header_row is None else [" ".join(name.split()) for name in sample[header_row].fields]
    body = list(sample[first:])
    rows = [record.fields for record in body if is_movement(record.fields)]
    width = max(len(names), _usual_width(rows))
    cells = list(zip(*([tidy(cell) for cell in row[:width]] + [""] * (width - len(row)) for row in rows), strict=True))
    columns = []
    for index in range(width):
        name = names[index] if index < len(names) else ""
        columns.append(Column(index, name, cells[index] if cells else (), meaning(name) if name else NO_MEANING))
    if rows and _is_misaligned(names, columns, rows):
        columns = [Column(column.index, "", column.cells) for column in columns]
    above = [record.fields for record in sample[: header_row or 0]]
    return SampleTable(header_row, names, columns, above, body)


def _usual_width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _is_misaligned(names: list[str], columns: list[Column], rows: list[list[str]]) -> bool:
    """Return True if rows and header differ in width and no amount stands where the header says so."""
    if len("".join((name and "x") or " " for name in names).rstrip()) == _usual_width(rows) or not names:
        return False
    if _usual_width(rows) > len(names) and not any("".join(row[len(names) :]).strip() for row in rows):
        return False  # the bank only ends its rows with delimiters
    amounts = [column for column in columns if column.role in {"amount", "debit", "credit"}]
    dates = [column for column in columns if column.role in {"date", "value_date"}]
    return not any(column.is_numeric for column in amounts) or not any(column.is_dates for column in dates)


DELIMITERS = (",", ";", "\t", "|", "^", "~")
_SAMPLE_BYTES = 65536
_SAMPLE_RECORDS = 60


class Dialect(NamedTuple):
    """How the records of a file are split."""

    delimiter: str
    quotechar: str


def find_dialect(data: bytes, encoding: str) -> Dialect | None:
    """Return the dialect under which most records hold a date and an amount, then the best header.

    None if no dialect finds either.
    """
    head = data[:_SAMPLE_BYTES]
    text = head.decode(encoding, "replace")
    dialects = []
    for delimiter in filter(text.__contains__, DELIMITERS):
        has_single_quotes = len(re.findall(rf"'{re.escape(delimiter)}\s*'", text)) > 1 and '"' not in text
        dialects.append(Dialect(delimiter, "'" if has_single_quotes else '"'))
    scores = {dialect: _score(head, encoding, dialect) for dialect in dialects}
    best = max(scores, key=lambda dialect: scores[dialect], default=None)
    return best if best and scores[best] > (0, 0.0, 0) else None


def _score(data: bytes, encoding: str, dialect: Dialect) -> tuple[int, float, int]:
    """Return (number of records with a date and an amount, score of the best header, cells of those records)."""
    movements, cells, header = 0, 0, 0.0
    for record in islice(records(data, encoding=encoding, **dialect._asdict()), _SAMPLE_RECORDS):
        if is_movement(record.fields):
            movements += 1
            cells += len(record.fields)
        elif not movements:
            header = max(header, header_score(record.fields))
    return (movements, header, cells) if movements or header else (0, 0.0, 0)


def is_dialect(delimiter: object, quotechar: object) -> bool:
    """Return True if the csv module accepts the pair."""
    try:
        csv.reader([], delimiter=delimiter, quotechar=quotechar)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return delimiter != quotechar and delimiter not in {"\r", "\n"}
