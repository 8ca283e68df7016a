"""CSV: one line a transaction, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import get_decimal_symbol

from statements.export.columns import ExportRow

COLUMNS = (
    "id", "date", "kind", "amount", "currency", "account", "category", "parent_category", "merchant", "description",
    "raw_description", "notes", "tags", "payment_method", "iban", "mcc", "external_id", "transfer", "transfer_account",
    "split", "review", "excluded_from_budget",
)  # fmt: skip
#: A cell that begins so is a formula in Excel, LibreOffice or Google Sheets; a line break may hide one.
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width forms count, too
GUARD = "'"


@dataclass(frozen=True, slots=True)
class CsvMarks:
    """The marks of a CSV file. `decimal` is the mark in amounts; `has_bom` tells Excel that the file is UTF-8."""

    delimiter: str = ","
    decimal: str = "."
    has_bom: bool = False

    @classmethod
    def of_excel(cls, locale: str) -> "CsvMarks":
        """Return the marks that Excel opens by a double click in a locale; an unknown locale is English."""
        try:
            symbol = get_decimal_symbol(Locale.parse(locale.replace("-", "_")))
        except (ValueError, UnknownLocaleError):
            symbol = "."
        return cls(";", ",", has_bom=True) if symbol == "," else cls(has_bom=True)


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front if a spreadsheet would take it for a formula.

    A text that begins with apostrophes before such a mark gets one more, so that `unguarded` gives each text back.
    """
    first = text[:1]
    if first in FORMULA_STARTS or (first == GUARD and text.lstrip(GUARD)[:1] in FORMULA_STARTS):
        return GUARD + text
    return text


def unguarded(text: str) -> str:
    """Return the text of a cell that `guarded` wrote."""
    return text[1:] if text[:1] == GUARD and text.lstrip(GUARD)[:1] in FORMULA_STARTS else text


def write_csv(parts: Iterable[Sequence[ExportRow]], marks: CsvMarks) -> Iterator[bytes]:
    """Yield the file in UTF-8, the header first. Amounts are plain numbers, so a negative one has no apostrophe."""
    buffer = io.StringIO()
    lines = csv.writer(buffer, delimiter=marks.delimiter)
    lines.writerow(COLUMNS)
    yield (("\ufeff" if marks.has_bom else "") + buffer.getvalue()).encode()
    has_point = marks.decimal == "."
    for part in parts:
        buffer.seek(0)
        buffer.truncate()
        lines.writerows(
            [
                (
                    row.id,
                    row.day,
                    row.kind,
                    row.amount if has_point else row.amount.replace(".", marks.decimal),
                    row.currency,
                    guarded(row.account),
                    guarded(row.category),
                    guarded(row.parent_category),
                    guarded(row.merchant),
                    guarded(row.description),
                    guarded(row.raw_description),
                    guarded(row.notes),
                    guarded(row.tags),
                    guarded(row.payment_method),
                    guarded(row.iban),
                    guarded(row.mcc),
                    guarded(row.external_id),
                    row.transfer,
                    guarded(row.transfer_account),
                    row.whole,
                    row.review,
                    "true" if row.is_excluded_from_budget else "false",
                )
                for row in part
            ]
        )
        yield buffer.getvalue().encode()
