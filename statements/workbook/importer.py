"""The importer of workbooks: it chooses the sheets with transactions, and hands their text to the CSV importer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from statements.archive.directory import MAGIC, content_of, members_of, names_of
from statements.delimited.importer import DelimitedImporter
from statements.delimited.table import Dialect
from statements.delimited.words import meaning
from statements.importer import (
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowError,
    Skipped,
    StatementRow,
    UnreadableFile,
)
from statements.limits.parent import converted

_CONVERSION = "statements.workbook.conversion"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_MARKUP_BYTES = 4000
#: Records of a sheet that show whether it holds transactions.
_SAMPLE = 500
#: How the converted text is written; no key of a workbook's profile.
_TEXT: dict[str, Any] = {"format": "csv", "encoding": "utf-8", "delimiter": "\t", "quotechar": '"'}
_delimited = DelimitedImporter()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet with transactions, and how the CSV importer reads its text. `n_rows` counts those of a sample."""

    name: str
    text: bytes
    reading: Reading
    n_rows: int

    def fits_with(self, other: "_Sheet") -> bool:
        """Return True if one profile reads both. A sheet of expenses and one of income have different signs."""
        keys = ("header_row", "date", "amount", "debit", "credit")
        same = all(self.reading.profile[key] == other.reading.profile[key] for key in keys)
        return same and self.reading.columns == other.reading.columns and self.side == other.side

    @property
    def side(self) -> str:
        """Return debit or credit if the name of the sheet says so, else ""."""
        role = meaning(self.name).role
        return role if role in ("debit", "credit") else ""


class WorkbookImporter(Importer):
    """Excel (.xlsx, .xlsb, .xls, XML of 2003), OpenDocument, and pages of HTML that are called .xls."""

    format: ClassVar[str] = "excel"
    title: ClassVar[str] = "Excel"

    def recognizes(self, data: bytes) -> bool:
        if data.startswith(_OLD_EXCEL):
            return True
        if data.startswith(MAGIC):
            return _is_workbook(data)
        head = data[:_MARKUP_BYTES].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").lower()
        is_page = head.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<div", b"<head"))
        is_page = is_page and b"<tr" in data[:1_000_000].replace(b"\0", b"").lower()
        return is_page or (head.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in head)

    def n_rows(self, data: bytes) -> int:
        return sum(sheet["text"].count("\n") for sheet in converted(data, by=_CONVERSION))

    def detect(self, data: bytes) -> Reading:
        sheets = _sheets_with_transactions(data)
        best = max(sheets, key=lambda sheet: (sheet.n_rows, len(sheet.text)))
        chosen = [sheet for sheet in sheets if sheet.fits_with(best)]
        others = [sheet for sheet in sheets if not sheet.fits_with(best)]
        reading = best.reading
        profile = {key: value for key, value in reading.profile.items() if key not in _TEXT}
        names = [sheet.name for sheet in chosen]
        questions = [question for sheet in chosen for question in sheet.reading.questions]
        questions = list({question.attr: question for question in reversed(questions)}.values())
        if best.side == "debit" and any(question.attr == "invert_sign" for question in questions):
            profile["invert_sign"] = True
            detail = f"Positive amounts were taken as money out, as the name of the sheet “{best.name}” says."
            asked = ReadingQuestion("invert_sign", "unknown_sign", detail, (True, False))
            questions = [asked if question.attr == "invert_sign" else question for question in questions]
        if others:
            unread = ", ".join(f"“{sheet.name}”" for sheet in others)
            detail = f"Further sheets hold transactions in other columns, and are not read: {unread}."
            alternatives = (names, *([sheet.name] for sheet in others))
            questions.append(ReadingQuestion("sheets", "other_sheets", detail, alternatives))
        return replace(reading, profile={"format": self.format, "sheets": names, **profile}, questions=questions)

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        texts = _texts(data)
        names = _names_in(profile, texts)
        outcomes = {name: _delimited.read(texts[name], _inner(profile)) for name in names}
        return _with_sheets(outcomes)

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        texts = _texts(data)
        try:
            names = _names_in(profile, texts)
        except UnreadableFile as error:
            return [ProfileError(error.attr, error.code, error.detail)]
        foreign = [key for key in ("encoding", "delimiter", "quotechar") if key in profile]
        if foreign or profile.get("format") != self.format:
            detail = "The format of this file is “excel”. It has no encoding, delimiter or quotechar: leave them out."
            return [ProfileError(foreign[0] if foreign else "format", "invalid", detail)]
        return list(
            dict.fromkeys(error for name in names for error in _delimited.check_profile(_inner(profile), texts[name]))
        )


def _is_workbook(data: bytes) -> bool:
    names = names_of(data)
    if "[Content_Types].xml" in names:
        return any(name.startswith("xl/") for name in names)
    if not {"mimetype", "content.xml"} <= names:
        return False
    mimetype = next(info for info in members_of(data) if info.filename == "mimetype")
    try:
        return b"spreadsheet" in content_of(data, mimetype, most=1024)
    except UnreadableFile:
        return False


def _sheets_with_transactions(data: bytes) -> list[_Sheet]:
    """Return the visible sheets with a table of transactions, or the hidden ones if there is no other."""
    found: dict[bool, list[_Sheet]] = {True: [], False: []}
    for sheet in converted(data, by=_CONVERSION):
        text = sheet["text"].encode()
        try:
            reading = _delimited.detect(text, dialect=Dialect("\t", '"'))
            outcomes = list(islice(_delimited.read(text, reading.profile), _SAMPLE))
        except UnreadableFile:
            continue
        n_rows = sum(isinstance(outcome, StatementRow) for outcome in outcomes)
        found[sheet["is_visible"]].append(_Sheet(sheet["name"], text, reading, n_rows))
    sheets = found[True] or found[False]
    filled = [sheet for sheet in sheets if sheet.n_rows]
    if not sheets:
        raise UnreadableFile(
            "no_table",
            "No sheet of this workbook holds a table with a date and an amount. "
            "Download the list of transactions from your bank, and upload that file.",
        )
    return filled or sheets[:1]


def _texts(data: bytes) -> dict[str, bytes]:
    return {sheet["name"]: sheet["text"].encode() for sheet in converted(data, by=_CONVERSION)}


def _names_in(profile: Profile, texts: dict[str, bytes]) -> list[str]:
    """Return the sheets that a profile names. Raises `UnreadableFile`."""
    names = profile.get("sheets")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UnreadableFile("invalid", "“sheets” must be a list of names of sheets.", attr="sheets")
    for name in names:
        if name not in texts:
            known = ", ".join(texts)
            raise UnreadableFile(
                "unknown_sheet", f"There is no sheet “{name}”. The sheets are: {known}.", attr="sheets"
            )
    return list(dict.fromkeys(names))


def _inner(profile: Profile) -> dict[str, Any]:
    return {key: value for key, value in profile.items() if key != "sheets"} | _TEXT


def _with_sheets(
    outcomes: dict[str, Iterator[StatementRow | RowError | Skipped]],
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the records of all sheets; errors name the sheet if there are several."""
    for name, records in outcomes.items():
        for record in records:
            if isinstance(record, RowError) and len(outcomes) > 1:
                yield replace(record, detail=f"Sheet “{name}”: {record.detail}")
            else:
                yield record
