"""A CAMT document as a stream of its parts: one entry is held at a time, so that memory stays bounded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element  # a container alone; defusedxml parses
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from statements.delimited.encoding import decodes, detect_encoding
from statements.importer import UnreadableFile
from statements.messages.texts import text_chunks

#: The elements that hold the entries of one account: of a statement, a report, and a notification.
STATEMENTS = frozenset(("Stmt", "Rpt", "Ntfctn"))
_PARTS = frozenset(("Acct", "Bal", "Ntry", "StmtPgntn", "RptPgntn", "NtfctnPgntn"))
_DEEPEST = 64
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MESSAGE = re.compile(r"\b([a-z]{4}\.[0-9]{3})\b")
_NO_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: Messages of ISO 20022 that people have at hand, beside statements, by their name in the document.
_OTHER_MESSAGES = {
    "CstmrCdtTrfInitn": ("pain.001", "an order of credit transfers"),
    "CstmrPmtStsRpt": ("pain.002", "a report about the status of payment orders"),
    "CstmrPmtRvsl": ("pain.007", "a reversal of direct debits"),
    "CstmrDrctDbtInitn": ("pain.008", "an order of direct debits"),
    "MndtInitnReq": ("pain.009", "a request for a mandate"),
    "FIToFICstmrCdtTrf": ("pacs.008", "a payment between banks"),
    "FIToFICstmrDrctDbt": ("pacs.003", "a direct debit between banks"),
    "PmtRtr": ("pacs.004", "a return of payments between banks"),
    "RsltnOfInvstgtn": ("camt.029", "the answer to an inquiry"),
    "FIToFIPmtCxlReq": ("camt.056", "a request to cancel a payment"),
    "AcctRptgReq": ("camt.060", "a request for a statement"),
    "AcctSwtchInfReq": ("acmt.027", "a request to switch accounts"),
}


@dataclass(slots=True)
class StatementPart:
    """An element of a statement: Acct, Bal, a pagination or Ntry. Names are without prefixes; `line` counts from 1.

    `details` holds the transactions (TxDtls) of an entry, which are left out of `element`. A part named Stmt, Rpt or
    Ntfctn has no content: a statement begins.
    """

    name: str
    line: int
    element: Element
    details: list[Element] = field(default_factory=list)


def document_encoding(data: bytes) -> str:
    """Return the codec of an XML file. What it declares is often wrong, so UTF-8 is tried first. Never fails."""
    encoding = detect_encoding(data)
    declared = _DECLARED.search(data[:1000])
    if encoding.startswith("utf") or declared is None:
        return encoding
    name = declared[1].decode("ascii").lower()
    name = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252"}.get(name, name)
    try:
        is_possible = "<é>".encode(name, "replace").decode(name, "replace").startswith("<") and decodes(data, name)
    except (LookupError, ValueError):
        return encoding
    return name if is_possible else encoding


def document_parts(data: bytes, encoding: str) -> Iterator[StatementPart]:
    """Yield the parts of all statements in order. Raises UnreadableFile, with the line, for a file that is no CAMT.

    Entities and document types are forbidden: a few lines of them can fill any memory, or read other files.
    """
    parser = DefusedExpatParser(forbid_dtd=True)
    handler = _Handler(parser)
    parser.setContentHandler(handler)
    try:
        for text in _chunks(data, encoding):
            parser.feed(text)
            yield from handler.take()
        parser.close()
    except SAXParseException as error:
        line = error.getLineNumber() or 1
        raise UnreadableFile(
            "malformed_xml",
            f"Line {line}: the XML is damaged or cut off ({error.getMessage()}). "
            "Download the file from your bank again, and upload it as it is.",
        ) from None
    except (DefusedXmlException, SAXException, ValueError):
        raise UnreadableFile(
            "forbidden_xml",
            f"Line {parser.getLineNumber() or 1}: the XML declares a document type or entities, which no statement "
            "needs and which can be harmful. Download the file from your bank again.",
        ) from None
    yield from handler.take()
    if not handler.n_statements:
        raise _no_statement(handler)


def _chunks(data: bytes, encoding: str) -> Iterator[str]:
    """Yield the text after the XML declaration, without characters that XML cannot hold. Lines keep their numbers.

    Nothing but a mark of the encoding may stand before the declaration, but banks write blank lines there. What it says
    about the encoding is known better by now.
    """
    chunks = (_NO_CONTROLS.sub("", chunk) for chunk in text_chunks(data, encoding))
    first = next(chunks, "")
    start = max(0, first.find("<"))
    if first.startswith("<?xml", start):
        start = first.find("?>", start) + len("?>")
    yield "\n" * first.count("\n", 0, start)
    yield first[start:]
    yield from chunks


class _Handler(ContentHandler):
    """Builds the parts of statements. Only one is held at a time, and of an entry each transaction apart."""

    def __init__(self, parser: DefusedExpatParser) -> None:
        super().__init__()
        self._parser = parser
        self.n_statements = 0
        self.first_names: list[str] = []
        self.namespaces = ""
        self._depth = 0
        self._statement_depth = 0
        self._stack: list[Element] = []
        self._text: list[str] = []
        self._part: StatementPart | None = None
        self._ready: list[StatementPart] = []
        self._local: dict[str, str] = {}

    def take(self) -> list[StatementPart]:
        """Return the parts that are complete, once."""
        ready, self._ready = self._ready, []
        return ready

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        local = self._local.get(name)
        if local is None:
            local = name.rpartition(":")[2]
            if len(self._local) < 1000:
                self._local[name] = local
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableFile(
                "too_deep",
                f"Line {self._line()}: elements are nested more than {_DEEPEST} deep, which no statement needs. "
                "Download the file from your bank again.",
            )
        if len(self.first_names) < 20:
            self.first_names.append(local)
            self.namespaces += " ".join(["", *attrs.values()])[:500]
        if self._stack:
            element = Element(local)
            currency = attrs.get("Ccy")
            if currency:
                element.set("Ccy", currency)
            self._stack.append(element)
            self._text.clear()
        elif local in STATEMENTS and not self._statement_depth:
            self._statement_depth = self._depth
            self.n_statements += 1
            self._ready.append(StatementPart(local, self._line(), Element(local)))
        elif local in _PARTS and self._depth == self._statement_depth + 1 and self._statement_depth:
            element = Element(local)
            self._part = StatementPart(local, self._line(), element)
            self._stack.append(element)
            self._text.clear()

    def characters(self, content: str) -> None:
        if self._stack:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        if self._stack:
            element = self._stack.pop()
            if self._text:
                element.text = "".join(self._text).strip()
                self._text.clear()
            if self._part is not None and not self._stack:
                self._ready.append(self._part)
                self._part = None
            elif self._part is not None and element.tag == "TxDtls":
                self._part.details.append(element)
            else:
                self._stack[-1].append(element)
        elif self._depth == self._statement_depth:
            self._statement_depth = 0
        self._depth -= 1

    def _line(self) -> int:
        return int(self._parser.getLineNumber() or 1)


def _no_statement(handler: _Handler) -> UnreadableFile:
    """Return the error that says what a document without a statement is."""
    advice = "Download the statement of your account as CAMT.053 (or CSV), and upload that file."
    for name in handler.first_names:
        if name in _OTHER_MESSAGES:
            message, meaning = _OTHER_MESSAGES[name]
            return UnreadableFile("not_a_statement", f"This is {meaning} ({message}), not a statement. {advice}")
    message = next(iter(_MESSAGE.findall(handler.namespaces)), "")
    if message and message not in ("camt.052", "camt.053", "camt.054"):
        return UnreadableFile("not_a_statement", f"This is an ISO 20022 message {message}, not a statement. {advice}")
    return UnreadableFile(
        "no_statement",
        "This document of ISO 20022 holds no statement (Stmt), report (Rpt) or notification (Ntfctn). " + advice,
    )
