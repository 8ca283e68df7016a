"""The importer of OFX and its kin."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from expenses.ledger.money import minor_units
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
from statements.ofx.markup import aggregates, encoding_of, read_markup
from statements.ofx.outline import OfxOutline, outline_of
from statements.ofx.rows import OfxOptions, read_rows
from statements.profile_faults import (
    boolean_faults,
    currency_faults,
    decimal_faults,
    encoding_faults,
    format_faults,
    unknown_keys,
)

_BOOLEANS = ("leave_out_pending", "signs_by_type")
_KEYS = (*_BOOLEANS, "currency_code", "decimal", "encoding", "format")
_HEAD_BYTES = 1 << 16
_MARKS = re.compile(
    rb"OFXHEADER\s*[:=>]|<\?OFX\s|DATA\s*:\s*OFXSGML|<(?:\w+:)?OF[XC](?:\s[^<>]*)?>|<(?:CC|INV)?STMT(?:TRN)?RS>|<STMTTRNP?>",
    re.IGNORECASE,
)

_TRANSACTION = re.compile(rb"<(?:\w+:)?STMTTRNP?[\s>]", re.IGNORECASE)


class OfxImporter(Importer):
    """OFX 1 (SGML), OFX 2 (XML), and their kin QFX, QBO and OFC."""

    format: ClassVar[str] = "ofx"
    title: ClassVar[str] = "OFX"

    def recognizes(self, data: bytes) -> bool:
        return _MARKS.search(data[:_HEAD_BYTES].replace(b"\0", b"")) is not None

    def n_rows(self, data: bytes) -> int:
        return len(_TRANSACTION.findall(data.replace(b"\0", b"")))

    def detect(self, data: bytes) -> Reading:
        encoding = encoding_of(data)
        outline = outline_of(aggregates(read_markup(data, encoding)))
        outline.check()
        decimal, is_sure = outline.decimal()
        profile: dict[str, Any] = {
            "format": self.format,
            "encoding": encoding,
            "decimal": decimal,
            "currency_code": "",
            "leave_out_pending": False,
            "signs_by_type": False,
        }
        questions = [] if is_sure else _decimal_questions(outline, decimal)
        questions += _sign_questions(outline)
        return Reading(profile, [], questions, list(outline.accounts.values()), outline.warnings())

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        options = OfxOptions(
            profile.get("decimal", "."),
            (profile.get("currency_code") or "").upper(),
            profile.get("leave_out_pending", False),
            profile.get("signs_by_type", False),
        )
        return read_rows(aggregates(read_markup(data, profile["encoding"])), options)

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return [
            *unknown_keys(profile, _KEYS),
            *encoding_faults(profile, data),
            *format_faults(profile, self.format),
            *decimal_faults(profile),
            *boolean_faults(profile, _BOOLEANS),
            *currency_faults(profile),
        ]


def _decimal_questions(outline: OfxOutline, decimal: str) -> list[ReadingQuestion]:
    """Ask about amounts such as 1.000, unless the currency has three decimal places."""
    if outline.currencies and all(code and minor_units(code) == 3 for code in outline.currencies):
        return []
    example = min(text for text in outline.amounts if decimal in text)
    detail = (
        f"Amounts such as “{example}” may have fractions, as OFX has it, or thousands. They are read with fractions."
    )
    return [ReadingQuestion("decimal", UNKNOWN_DECIMAL, detail, (decimal, "," if decimal == "." else "."))]


def _sign_questions(outline: OfxOutline) -> list[ReadingQuestion]:
    """Ask where the amounts contradict their types throughout the file."""
    if outline.debits != {False}:
        return []
    detail = (
        "Every transaction of the type DEBIT, which means money out, has an amount without a minus. They are read as "
        "money in, as the amounts say; let the types decide if that is wrong."
    )
    return [ReadingQuestion("signs_by_type", "unknown_sign", detail, (False, True))]
