"""Tables in HTML, and Excel's XML of 2003: many banks give such a file the name .xls."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from statements.delimited.encoding import decodes, detect_encoding
from statements.importer import UnreadableFile

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_MAX_SPAN = 200
_HIDDEN = {"script", "style", "head"}


def html_rows(data: bytes) -> list[list[str]]:
    """Return the rows of all tables of a page, in order."""
    declared = _CHARSET.search(data[:4000])
    encoding = declared[1].decode() if declared else ""
    try:
        is_declared = bool(encoding) and decodes(data, encoding)
    except LookupError:
        is_declared = False
    tables = _Tables()
    tables.feed(data.decode(encoding if is_declared else detect_encoding(data), "replace"))
    tables.close()
    return tables.rows


class _Tables(HTMLParser):
    """Collects the cells of each `tr`; end tags may be missing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._is_in_cell = False
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            self._is_in_cell = False
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._is_in_cell = True
            span = dict(attrs).get("colspan") or ""
            self._span = min(int(span), _MAX_SPAN) - 1 if span.isdigit() else 0
        elif tag == "br" and self._is_in_cell:
            self.rows[-1][-1] += " "
        elif tag in _HIDDEN:
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._is_in_cell:
            self.rows[-1] += [""] * self._span
            self._is_in_cell = False
        elif tag in ("tr", "table"):
            self._is_in_cell = False
        elif tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if self._is_in_cell and not self._hidden:
            self.rows[-1][-1] += data


_NAMESPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MAX_ROWS, _MAX_COLUMNS = 1 << 20, 1 << 14


def xml_sheets(data: bytes) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield name and rows of each sheet. Raises `UnreadableFile`."""
    try:
        root = fromstring(data.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        detail = "The workbook's XML is damaged. Open it, save it as .xlsx or CSV, and upload that file."
        raise UnreadableFile("damaged", detail) from None
    for sheet in root.iter(f"{_NAMESPACE}Worksheet"):
        rows: list[list[Any]] = []
        for row in sheet.iter(f"{_NAMESPACE}Row"):
            skipped = _index(row, _MAX_ROWS) - len(rows) - 1
            rows += [[] for _ in range(skipped)]
            cells: list[Any] = []
            for cell in row.iter(f"{_NAMESPACE}Cell"):
                cells += [""] * (_index(cell, _MAX_COLUMNS) - len(cells) - 1)
                cells.append(_value(cell.find(f"{_NAMESPACE}Data")))
            rows.append(cells)
        yield sheet.get(f"{_NAMESPACE}Name", ""), rows


def _index(element: Element, most: int) -> int:
    text = element.get(f"{_NAMESPACE}Index", "")
    return min(int(text), most) if text.isdigit() else 0


def _value(data: Element | None) -> Any:
    text = "".join(data.itertext()) if data is not None else ""
    kind = data.get(f"{_NAMESPACE}Type", "") if data is not None else ""
    if kind == "Number":
        try:
            return float(text)
        except ValueError:
            return text
    return text.removesuffix("T00:00:00.000") if kind == "DateTime" else text
