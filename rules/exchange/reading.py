"""Recognizes whose rules a document has, by its content, and reads them."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from rest_framework.exceptions import ParseError

from expenses.views.parsers import JSONParser
from rules.exchange.actual import documents as actual_documents
from rules.exchange.actual import rules as actual
from rules.exchange.conversion import Conversion, Names
from rules.exchange.firefly import documents as firefly_documents
from rules.exchange.firefly import rules as firefly
from rules.exchange.packs import FORMAT, Pack, is_own, read_own
from rules.exchange.shapes import Misshapen

FIREFLY = "firefly-iii"
ACTUAL = "actual"
UNKNOWN = (
    f"These are no rules that Outlay knows: its own say “format”: “{FORMAT}”, those of Firefly III are an answer of "
    "its API or its rules.csv, those of Actual are a list as getRules() gives it."
)


@dataclass(frozen=True, slots=True)
class Source:
    """A document that was read."""

    format: str
    conversion: Conversion
    pack: Pack | None = None


def decode(data: bytes) -> Any:
    """The document in a file: JSON, or a table. Raises Misshapen."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misshapen("file", "This is no text in UTF-8.") from None
    if firefly_documents.is_table(text):
        return firefly_documents.Table(text)
    try:
        return JSONParser().parse(BytesIO(text.encode()), "application/json", {"encoding": "utf-8"})
    except ParseError as error:
        raise Misshapen("file", f"This is no JSON that can be read: {error.detail}") from None


def read_source(document: Any, names: Names) -> Source:
    """The rules in a document, and whose they are. Raises Misshapen."""
    if not isinstance(document, firefly_documents.Table):
        _refuse_half_characters(document)
    if is_own(document):
        conversion, pack = read_own(document)
        return Source(FORMAT, conversion, pack)
    if isinstance(document, firefly_documents.Table) or firefly_documents.is_firefly(document):
        return Source(FIREFLY, firefly.convert(document, names))
    if actual_documents.is_actual(document):
        return Source(ACTUAL, actual.convert(document))
    raise Misshapen("format", UNKNOWN)


def _refuse_half_characters(document: Any) -> None:
    """JSON can carry half of a surrogate pair, which no answer could repeat."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Misshapen("file", "It has half of a character (a lone surrogate).") from None
