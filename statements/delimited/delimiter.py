"""Which character separates the fields of a file, and which one quotes them."""

import csv
import re
from itertools import islice
from typing import NamedTuple

from statements.delimited.header import header_score
from statements.delimited.movements import is_movement
from statements.delimited.records import records

DELIMITERS = (",", ";", "\t", "|", "^", "~")
QUOTES = ('"', "'")
_SAMPLE_BYTES = 65536
_SAMPLE_RECORDS = 60


class Dialect(NamedTuple):
    """How the records of a file are split."""

    delimiter: str
    quotechar: str


def find_dialect(data: bytes, encoding: str) -> Dialect | None:
    """The dialect under which most records hold a date and an amount, then the best header; None when none does."""
    head = data[:_SAMPLE_BYTES]
    text = head.decode(encoding, "replace")
    dialects = [Dialect(delimiter, _quotechar(text, delimiter)) for delimiter in DELIMITERS if delimiter in text]
    scores = {dialect: _score(head, encoding, dialect) for dialect in dialects}
    best = max(scores, key=lambda dialect: scores[dialect], default=None)
    return best if best and scores[best] > (0, 0.0, 0) else None


def _quotechar(text: str, delimiter: str) -> str:
    single = len(re.findall(rf"'{re.escape(delimiter)}\s*'", text))
    return "'" if single > 1 and '"' not in text else '"'


def _score(data: bytes, encoding: str, dialect: Dialect) -> tuple[int, float, int]:
    """(records with a date and an amount, best header, cells of those records)."""
    movements, cells, header = 0, 0, 0.0
    for record in islice(records(data, encoding=encoding, **dialect._asdict()), _SAMPLE_RECORDS):
        if is_movement(record.fields):
            movements += 1
            cells += len(record.fields)
        elif not movements:
            header = max(header, header_score(record.fields))
    return (movements, header, cells) if movements or header else (0, 0.0, 0)


def is_dialect(delimiter: object, quotechar: object) -> bool:
    """Whether the csv module accepts the pair."""
    try:
        csv.reader([], delimiter=delimiter, quotechar=quotechar)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return delimiter != quotechar and delimiter not in {"\r", "\n"}
