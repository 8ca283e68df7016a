"""The importer of PDFs with a text layer: a child process finds the rows, and the profile says how to take them."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from statements.importer import (
    UNPROVED,
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowError,
    Skipped,
    StatementRow,
)
from statements.limits.parent import converted
from statements.profile_faults import boolean_faults, currency_faults, format_faults, unknown_keys

_CONVERSION = "statements.pdf.conversion"
_KEYS = ("currency_code", "date_format", "format", "invert_sign", "is_complete")
_MAGIC = b"%PDF-"
#: Some servers put bytes of their own before the file.
_MAGIC_WITHIN = 1024


class PdfImporter(Importer):
    """A statement as PDF. Pages that are pictures are refused."""

    format: ClassVar[str] = "pdf"
    title: ClassVar[str] = "PDF"

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(_MAGIC) or (_MAGIC in data[:_MAGIC_WITHIN] and b"%%EOF" in data[-_MAGIC_WITHIN:])

    def n_rows(self, data: bytes) -> int:
        found = converted(data, by=_CONVERSION)
        return len(found["rows"]) + len(found["skipped"])

    def detect(self, data: bytes) -> Reading:
        found = converted(data, by=_CONVERSION)
        formats: list[str] = found["date_formats"]
        profile = {
            "format": self.format,
            "date_format": formats[0],
            "invert_sign": bool(found["is_card"] and _is_mostly_positive(found["rows"])),
            "currency_code": found["currency"] or None,
            "is_complete": bool(found["is_proved"]),
        }
        questions, warnings = [], []
        if len(formats) > 1:
            detail = f"Every date of the file can be read in more than one way; they were read as {formats[0]}."
            questions.append(ReadingQuestion("date_format", "unknown_date_order", detail, tuple(formats)))
        if not found["is_signed"] or found["is_card"]:
            inverts = profile["invert_sign"]
            detail = "The PDF does not say which rows are money out. Amounts without a minus were read as money "
            detail += "out." if inverts else "in."
            questions.append(ReadingQuestion("invert_sign", "unknown_sign", detail, (inverts, not inverts)))
        if not found["is_proved"]:
            warnings.append(
                "No balance in the PDF proves that all its rows were found. Compare the totals with the statement."
            )
            detail = "Nothing in the PDF proves its rows and their signs. Compare rows and totals with the statement."
            questions.append(ReadingQuestion("is_complete", UNPROVED, detail, (True,)))
        accounts = []
        if found["iban"]:
            is_known = found["balance"] is not None and found["balance_date"] is not None
            accounts.append(
                FileAccount(
                    found["iban"],
                    iban=found["iban"],
                    currency=found["currency"],
                    balance=Decimal(found["balance"]) if is_known else None,
                    balance_date=dt.date.fromisoformat(found["balance_date"]) if is_known else None,
                )
            )
        return Reading(profile, found["columns"], questions, accounts, warnings)

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        found = converted(data, by=_CONVERSION)
        index = found["date_formats"].index(profile["date_format"])
        outcomes: list[StatementRow | RowError | Skipped] = [
            Skipped(line, reason, (text,)) for line, reason, text in found["skipped"]
        ]
        outcomes += [RowError(line, "amount", "unclear", detail, tuple(raw)) for line, detail, raw in found["errors"]]
        for line, days, description, text, currency, raw in found["rows"]:
            if days[index] is None:
                detail = f"Line {line}: “{description[:80]}” has no date of the form {profile['date_format']}."
                outcomes.append(RowError(line, "date", "unreadable", detail, tuple(raw)))
                continue
            amount = -Decimal(text) if profile.get("invert_sign") else Decimal(text)
            code = currency or profile.get("currency_code") or ""
            day = dt.date.fromisoformat(days[index])
            if amount:
                outcomes.append(
                    StatementRow(line, day, amount, description, "", code, tuple(raw), account=found["iban"])
                )
            else:
                outcomes.append(Skipped(line, "zero", tuple(raw), day))
        return iter(sorted(outcomes, key=lambda outcome: outcome.line))

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        formats = converted(data, by=_CONVERSION)["date_formats"]
        faults = [
            *unknown_keys(profile, _KEYS),
            *format_faults(profile, self.format),
            *boolean_faults(profile, ("invert_sign", "is_complete")),
            *currency_faults(profile),
        ]
        if profile.get("date_format") not in formats:
            detail = f"The dates can be read as: {', '.join(formats)}."
            faults.append(ProfileError("date_format", "invalid", detail))
        return faults


def _is_mostly_positive(rows: list[Any]) -> bool:
    return sum(not row[3].startswith("-") for row in rows) * 2 >= len(rows)
