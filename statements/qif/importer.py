"""The importer of QIF."""

import codecs
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, ClassVar

from statements.delimited.amounts import decimal_of
from statements.delimited.encoding import detect_encoding
from statements.importer import (
    UNKNOWN_DECIMAL,
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowError,
    Skipped,
    StatementRow,
)
from statements.profile_faults import (
    currency_faults,
    date_format_faults,
    decimal_faults,
    encoding_faults,
    format_faults,
    unknown_keys,
)
from statements.qif.dates import choose_date_format
from statements.qif.outline import outline_of
from statements.qif.records import read_records
from statements.qif.rows import QifOptions, amount_texts, read_rows, skip_reason

_KEYS = ("currency_code", "date_format", "decimal", "encoding", "format")
_HEAD_BYTES = 1 << 16
_MARK = re.compile(rb"^[ \t]*![ \t]*(?:Type[ \t]*:|(?:Account|Option|Clear)\b)", re.IGNORECASE | re.MULTILINE)
_BOMS = codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + codecs.BOM_UTF16_BE
_DATE_LINE = re.compile(rb"D\s*[0-9]{1,4}[-/.']")
_AMOUNT_LINE = re.compile(rb"[TU][-+]?[0-9.,']+")
_FIELD_LINE = re.compile(rb"[A-Z$%][^\n]*")
_ORDER = re.compile(r"^[ \t]*!Option:(mdy|dmy|ymd)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_FIRST_LINES = 30
_OTHER = {".": ",", ",": "."}


class QifImporter(Importer):
    """QIF, of one account or of a whole set of books."""

    format: ClassVar[str] = "qif"
    title: ClassVar[str] = "QIF"

    def recognizes(self, data: bytes) -> bool:
        head = data[:_HEAD_BYTES].lstrip(_BOMS).replace(b"\0", b"").replace(b"\r", b"\n")
        return _MARK.search(head) is not None or _begins_with_record(head)

    def n_rows(self, data: bytes) -> int:
        return data.count(b"^")

    def detect(self, data: bytes) -> Reading:
        encoding = detect_encoding(data)
        text = _decoded(data, encoding)
        dates, amounts = [], []
        for record in read_records(text):
            if not skip_reason(record):
                dates.append(record.first("D"))
                amounts += amount_texts(record)
        profile: dict[str, Any] = {
            "format": self.format,
            "encoding": encoding,
            "date_format": "%m/%d/%Y",
            "decimal": ".",
            "currency_code": "",
        }
        questions = []
        order = _ORDER.search(text)
        choice = choose_date_format(dates, order[1].lower() if order else "")
        if choice is not None:
            profile["date_format"] = choice.pattern
            if choice.others:
                detail = f"Every date of the file can be read in more than one way; they were read as {choice.pattern}."
                alternatives = (choice.pattern, *choice.others)
                questions.append(ReadingQuestion("date_format", "unknown_date_order", detail, alternatives))
        decimal, is_sure = decimal_of(amounts)
        if decimal:
            profile["decimal"] = decimal
            if not is_sure:
                questions.append(_decimal_question(amounts, decimal))
        outline = outline_of(read_records(text), _ways(profile))
        return Reading(profile, [], questions, outline.accounts(), outline.warnings())

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        return read_rows(read_records(_decoded(data, profile["encoding"])), _ways(profile))

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return [
            *unknown_keys(profile, _KEYS),
            *encoding_faults(profile, data),
            *format_faults(profile, self.format),
            *decimal_faults(profile),
            *currency_faults(profile),
            *date_format_faults(profile),
        ]


def _decoded(data: bytes, encoding: str) -> str:
    """Return the text with \\n at the ends of lines, and without the NUL that old programs write at the end."""
    text = data.decode(encoding, errors="replace")
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _ways(profile: Profile) -> QifOptions:
    currency = (profile.get("currency_code") or "").upper()
    return QifOptions(profile["date_format"], profile.get("decimal", "."), currency)


def _decimal_question(amounts: Sequence[str], decimal: str) -> ReadingQuestion:
    example = next(amount for amount in amounts if _OTHER[decimal] in amount)
    detail = (
        f"Nothing in the file says whether the separator in “{example}” is that of thousands or of fractions; "
        f"“{decimal}” was taken as the decimal separator."
    )
    return ReadingQuestion("decimal", UNKNOWN_DECIMAL, detail, (decimal, _OTHER[decimal]))


def _begins_with_record(head: bytes) -> bool:
    """Return True if the first lines are a record with a date and an amount, under no header."""
    lines = [line.strip() for line in head.split(b"\n", _FIRST_LINES)[:_FIRST_LINES]]
    record = list(takewhile(lambda line: not line.startswith(b"^"), filter(None, lines)))
    return (
        len(record) < len(list(filter(None, lines)))
        and all(map(_FIELD_LINE.fullmatch, record))
        and any(map(_DATE_LINE.match, record))
        and any(map(_AMOUNT_LINE.fullmatch, record))
    )
