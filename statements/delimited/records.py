"""The records of a delimited file, one at a time, surviving quotes that never close and fields that never end."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from statements.delimited.amounts import possible_decimals
from statements.delimited.dates import is_date


def is_movement(fields: Sequence[str]) -> bool:
    """Return True if one cell is a date and another one a number: a movement of money at first sight."""
    dated = counted = False
    for cell in fields:
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


class Record(NamedTuple):
    """The fields of one record and the line, counted from 1, on which it begins; `error` when it cannot be split.

    `is_open_ended` is true for a last record without a line break behind it: the file may be cut off there.
    """

    line: int
    fields: list[str]
    error: str = ""
    is_open_ended: bool = False


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
    """Yield every record, blank ones too. Bytes that the encoding does not know become U+FFFD."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="replace", newline="")
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quotechar, skipinitialspace=True)
    line = 1
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
