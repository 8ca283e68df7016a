"""A PDF as rows of a statement. It runs in the child process, and loads its libraries there."""

import io
from typing import Any

import pdfplumber
from pdfminer.layout import LTChar, LTContainer
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfparser import PDFSyntaxError
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException
from pdfplumber.utils.text import extract_words

from statements.delimited.encoding import storable
from statements.importer import UnreadableFile
from statements.pdf.lines import PrintedWord, TextLine, lines_of
from statements.pdf.table import statement_in

MAX_PAGES = 200
#: Words of one page; a page of a statement has some hundreds.
_MAX_WORDS = 20_000
#: The producer that reports of Outlay name.
_OWN = "Outlay"
#: Points by which a second print of a bold character is moved.
_SHIFT = 0.7


def convert(data: bytes) -> dict[str, Any]:
    """Return the statement in a PDF, as `statement_in` does. Scripts and forms in the file are never run.

    Raises `UnreadableFile` for a PDF that is locked, damaged, too long, a picture, or no clear table.
    """
    try:
        lines = _lines(data)
    except PdfminerException as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, PDFPasswordIncorrect):
            raise UnreadableFile(
                "encrypted",
                "The PDF is protected by a password. Open it, print it into a new PDF, and upload that file.",
            ) from None
        if isinstance(cause, PDFSyntaxError):
            raise _damaged() from None
        raise
    if not lines:
        raise UnreadableFile(
            "picture",
            "The PDF holds pictures of pages, and no text. Download the statement from your bank as CSV or Excel.",
        )
    return statement_in(lines)


def _lines(data: bytes) -> list[TextLine]:
    lines: list[TextLine] = []
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        if not pdf.pages:
            raise _damaged()
        if pdf.metadata.get("Producer") == _OWN:
            raise UnreadableFile(
                "own_report",
                "This PDF is a report that Outlay made, and no statement of a bank. Upload the bank's own file.",
            )
        if len(pdf.pages) > MAX_PAGES:
            detail = (
                f"The PDF has {len(pdf.pages)} pages; at most {MAX_PAGES} are read. Download a shorter period, or CSV."
            )
            raise UnreadableFile("too_many_pages", detail)
        for number, page in enumerate(pdf.pages, start=1):
            words = extract_words(_characters(page), x_tolerance=1.5, y_tolerance=2)[:_MAX_WORDS]
            found = [
                PrintedWord(storable(word["text"]), word["x0"], word["x1"], word["top"], word["bottom"])
                for word in words
            ]
            lines += lines_of(found, page=number, first=len(lines) + 1)
            page.close()
    return lines


def _characters(page: Page) -> list[dict[str, Any]]:
    """Return the characters of a page, each once: banks print some twice to make them bold.

    The page's own `chars` hold far more of each, and take most of the time of a file.
    """
    found: list[dict[str, Any]] = []
    places: dict[tuple[str, int, int], float] = {}
    waiting: list[Any] = [page.layout]
    while waiting:
        item = waiting.pop()
        if isinstance(item, LTChar):
            top, bottom = page.height - item.y1, page.height - item.y0
            text, x, y = item.get_text(), round(item.x0), round(top)
            beside = (places.get((text, x + by, y)) for by in (-1, 0, 1))
            if any(x0 is not None and abs(x0 - item.x0) < _SHIFT for x0 in beside):
                continue
            places[text, x, y] = item.x0
            box = {"x0": item.x0, "x1": item.x1, "top": top, "bottom": bottom, "doctop": top}
            found.append({"text": text, "upright": item.upright, **box})
        elif isinstance(item, LTContainer):
            waiting += reversed(list(item))
    return found


def _damaged() -> UnreadableFile:
    return UnreadableFile("damaged", "The PDF is damaged. Download it from your bank again and upload that file.")
