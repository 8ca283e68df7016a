"""The formats of statements, and the one that a file has."""

import codecs

from statements.archive.directory import ZIP_MARKS, refusal_of
from statements.archive.importer import ArchiveImporter
from statements.camt.importer import CamtImporter
from statements.delimited.importer import DelimitedImporter
from statements.importer import Importer, UnreadableFile
from statements.migration.actual import ActualImporter, ActualTableImporter
from statements.migration.ezbookkeeping import EzBookkeepingImporter
from statements.migration.firefly import FireflyImporter
from statements.migration.lunch_money import LunchMoneyImporter
from statements.migration.mint import MintImporter
from statements.migration.outlay import OutlayImporter
from statements.migration.sure import SureImporter
from statements.migration.ynab import YnabImporter
from statements.mt940.importer import Mt940Importer
from statements.ofx.importer import OfxImporter
from statements.pdf.importer import PdfImporter
from statements.qif.importer import QifImporter
from statements.workbook.importer import WorkbookImporter

#: Texts of two or four bytes a character, which hold bytes of zero. The longer marks begin with the shorter ones.
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTAINERS = {
    b"\x89PNG": ("image", "This is a picture. Download the statement from your bank as CSV and upload that file."),
    b"\xff\xd8\xff": ("image", "This is a picture. Download the statement from your bank as CSV and upload that file."),
    b"\x1f\x8b": ("archive", "This is a compressed file. Unpack it and upload the statement inside."),
}


def importer_for(data: bytes) -> Importer:
    """Return the importer that recognizes the content. Raises `UnreadableFile` with what to do next."""
    if not data.strip():
        raise UnreadableFile("empty", "The file is empty. Download it from your bank again and upload that file.")
    for importer in (*BOOKS, *BINARY):
        if importer.recognizes(data):
            return importer
    if data.startswith(ZIP_MARKS):
        raise refusal_of(data)
    for magic, (code, detail) in _CONTAINERS.items():
        if data.startswith(magic):
            raise UnreadableFile(code, detail)
    fitting = [importer for importer in MARKED if importer.recognizes(data)]
    # No database column can hold the character NUL. Books and formats with marks drop it themselves: old programs write
    # one after the last line.
    if not fitting and _has_nul(data):
        raise UnreadableFile("binary", "This is not a text file. Download the statement from your bank as CSV instead.")
    if len(fitting) > 1:
        titles = " and ".join(importer.title for importer in fitting)
        raise UnreadableFile("ambiguous_format", f"This file has the marks of {titles}. Upload one statement a file.")
    for importer in (*fitting, DELIMITED):
        if importer.recognizes(data):
            return importer
    raise UnreadableFile(
        "no_table",
        f"No table with a date and an amount was found in this file. Outlay reads {_TITLES}. "
        "Download the list of transactions from your bank as one of these, and upload that file.",
    )


def _has_nul(data: bytes) -> bool:
    if b"\0" not in data:
        return False
    encoding = next((name for mark, name in _WIDE.items() if data.startswith(mark)), "latin-1")
    return "\0" in data.decode(encoding, errors="ignore")


def importer_named(name: str) -> Importer:
    """Return the importer of a stored profile's format. Raises `UnreadableFile` for an unknown name."""
    for importer in IMPORTERS:
        if importer.format == name:
            return importer
    known = ", ".join(importer.format for importer in IMPORTERS)
    raise UnreadableFile("unknown_format", f"No format is called “{name}”. Choose one of: {known}.", attr="format")


#: Files of programs that keep books, known by their header or by the names of what is inside.
BOOKS: tuple[Importer, ...] = (
    ActualImporter(),
    ActualTableImporter(),
    EzBookkeepingImporter(),
    FireflyImporter(),
    LunchMoneyImporter(),
    MintImporter(),
    OutlayImporter(),
    SureImporter(),
    YnabImporter(),
)
#: Formats that are no text, told apart by their first bytes and by what is inside.
BINARY: tuple[Importer, ...] = (WorkbookImporter(), PdfImporter(), ArchiveImporter(importer_for, importer_named))
#: Text formats with marks of their own. A file that has the marks of two is refused.
MARKED: tuple[Importer, ...] = (OfxImporter(), QifImporter(), CamtImporter(), Mt940Importer())
#: Nearly any text can be taken for a delimited one, so it is asked last.
DELIMITED = DelimitedImporter()
IMPORTERS: tuple[Importer, ...] = (*BOOKS, *BINARY, *MARKED, DELIMITED)
_TITLES = " and ".join(", ".join(each.title for each in (*BINARY, *MARKED, DELIMITED)).rsplit(", ", 1))
