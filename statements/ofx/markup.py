"""The markup of OFX as a stream of aggregates: end tags may be missing, as in SGML, and nothing is ever expanded."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from statements.delimited.encoding import decodes, detect_encoding
from statements.importer import UnreadableFile
from statements.profile_faults import is_text_codec

#: Elements lie about eight deep.
MAX_DEPTH = 64
_HEAD_BYTES = 4096
_CHARSET = re.compile(rb"(?:\bCHARSET\s*:\s*|\bencoding\s*=\s*[\"'])([\w.-]+)", re.IGNORECASE)
#: A tag, and the text up to the next one. A “<” that begins no tag is text.
_TAG = re.compile(
    r"<(?P<end>/?)\s*(?P<name>[A-Za-z][\w.:-]*)(?:\s[^<>]*)?(?P<empty>/?)>(?P<text>[^<]*(?:<(?![/A-Za-z!?])[^<]*)*)"
)
_END_TAG = re.compile(r"</\s*([A-Za-z][\w.:-]*)")
_ENTITY = re.compile(r"&(?:#\w{1,8}|\w{2,31});")
_DECLARATION = re.compile(r"<!ENTITY\b", re.IGNORECASE)


@dataclass(slots=True)
class Aggregate:
    """An element that holds others. `fields` are texts by tag, the first that is not empty; `parts` the last by tag.

    `text` is that of an aggregate with a text of its own, such as `<CURRENCY>EUR`. `repeated` names fields that came
    twice with different texts. `is_open` is True until the aggregate ends, and for good if the file ends before.
    """

    tag: str
    line: int
    parent: "Aggregate | None" = None
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    parts: dict[str, "Aggregate"] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    is_open: bool = True

    def add(self, tag: str, text: str) -> None:
        """Keep a field; an empty one gives way to a later one."""
        known = self.fields.get(tag)
        if known and text and text != known:
            self.repeated.add(tag)
        elif not known:
            self.fields[tag] = text

    def around(self) -> Iterator["Aggregate"]:
        """Yield the aggregates that this one is in, the nearest first."""
        outer = self.parent
        while outer is not None:
            yield outer
            outer = outer.parent


@dataclass(frozen=True, slots=True)
class StrayEnd:
    """An end tag whose beginning is missing."""

    tag: str
    line: int


def encoding_of(data: bytes) -> str:
    """Return the Python codec of a file: UTF-8 if it fits, else the declared one if it does, else Windows-1252."""
    found = detect_encoding(data)
    if found.startswith("utf"):
        return found
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    name = declared[1].decode("ascii", "ignore").lower() if declared else ""
    # OFX writes “1252” for the code page of Windows, and “8859-1” for a file that may hold its quotes and euros, too.
    name = f"cp{name}" if name.isdigit() else "cp1252" if name.endswith("8859-1") else name
    fitting = (codec for codec in (name, "cp1252") if not codec.startswith("utf") and is_text_codec(codec))
    return next((codec for codec in fitting if decodes(data, codec)), "latin-1")


def read_markup(data: bytes, encoding: str) -> str:
    """Return the markup with \\n at the ends of lines, and with blanks for comments. Raises `UnreadableFile`."""
    text = data.decode(encoding, errors="replace").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    text = _replaced(text, "<!--", "-->", lambda comment: "\n" * comment.count("\n"))
    text = _replaced(text, "<![CDATA[", "]]>", lambda raw: html.escape(raw, quote=False))
    declaration = _DECLARATION.search(text)
    if declaration is not None:
        line = text.count("\n", 0, declaration.start()) + 1
        detail = (
            f"Line {line} declares an entity of XML, which no statement needs and which can attack a server. "
            "Download the file from your bank again."
        )
        raise UnreadableFile("entities", detail)
    return text


def _replaced(text: str, start: str, end: str, written: Callable[[str], str]) -> str:
    """Replace what is between two marks; an unfinished one is left."""
    pieces, position = [], 0
    while (begin := text.find(start, position)) >= 0 and (stop := text.find(end, begin + len(start))) >= 0:
        pieces += [text[position:begin], written(text[begin + len(start) : stop])]
        position = stop + len(end)
    return "".join([*pieces, text[position:]])


def plain(text: str) -> str:
    """Return a text without entities, also where they were escaped twice, and with single blanks."""
    if "&" in text:
        for _ in range(2):
            text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return " ".join(text.split())


def aggregates(text: str) -> Iterator[Aggregate | StrayEnd]:
    """Yield each aggregate once it ends, while its parents are open. Raises `UnreadableFile` if they nest too deep."""
    reader = _MarkupReader({match[1].upper() for match in _END_TAG.finditer(text)})
    line, position = 1, 0
    for match in _TAG.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        tag = match["name"].upper().rpartition(":")[2]
        if match["end"]:
            yield from reader.end(tag, line)
        elif not match["empty"]:
            content = plain(match["text"])
            if not reader.add(tag, content):
                yield from reader.begin(tag, line, content)
    yield from reader.finish()


class _MarkupReader:
    """The stack of open aggregates. `ended` are the tags that have an end tag anywhere in the file."""

    def __init__(self, ended: set[str]) -> None:
        self._ended = ended
        self._children, self._leaves = vocabulary()
        self._stack: list[Aggregate] = []
        self._open: set[str] = set()

    def add(self, tag: str, text: str) -> bool:
        """Add a field to the open aggregate, and return True. Return False if the tag may begin or end an aggregate."""
        if tag not in self._leaves or not self._stack:
            return False
        open_one = self._stack[-1]
        if open_one.tag not in self._ended and tag not in self._children.get(open_one.tag, ()):
            return False
        open_one.add(tag, text)
        return True

    def begin(self, tag: str, line: int, text: str) -> Iterator[Aggregate]:
        """Open an aggregate, after those that it ends; a tag that begins none is added as a field."""
        is_known = tag in self._children
        if tag in self._open:  # no aggregate holds itself, so its end tag is missing
            yield from self._close(tag)
        yield from self._close_unended(tag)
        if not is_known and (tag in self._leaves or text or tag not in self._ended):
            if self._stack:
                self._stack[-1].add(tag, text)
            return
        if len(self._stack) >= MAX_DEPTH:
            detail = f"Line {line}: the elements are nested more than {MAX_DEPTH} deep, as in no statement."
            raise UnreadableFile("too_deep", detail)
        self._stack.append(Aggregate(tag, line, self._stack[-1] if self._stack else None, text))
        self._open.add(tag)

    def end(self, tag: str, line: int) -> Iterator[Aggregate | StrayEnd]:
        if tag in self._open:
            yield from self._close(tag)
        elif tag in self._children:
            yield StrayEnd(tag, line)

    def finish(self) -> Iterator[Aggregate]:
        """Give out what is still open. Only a file without any end tags is whole then."""
        while self._stack:
            aggregate = self._pop()
            aggregate.is_open = bool(self._ended)
            yield aggregate

    def _close_unended(self, tag: str) -> Iterator[Aggregate]:
        """End aggregates without an end tag anywhere, if the tag belongs to one around them."""
        for index in range(len(self._stack) - 1, -1, -1):
            if tag in self._children.get(self._stack[index].tag, ()):
                while len(self._stack) > index + 1:
                    yield self._closed(self._pop())
                return
            if self._stack[index].tag in self._ended:
                return

    def _close(self, tag: str) -> Iterator[Aggregate]:
        while True:
            aggregate = self._closed(self._pop())
            yield aggregate
            if aggregate.tag == tag:
                return

    @staticmethod
    def _closed(aggregate: Aggregate) -> Aggregate:
        aggregate.is_open = False
        return aggregate

    def _pop(self) -> Aggregate:
        aggregate = self._stack.pop()
        self._open.discard(aggregate.tag)
        if aggregate.parent is not None:
            aggregate.parent.parts[aggregate.tag] = aggregate
        return aggregate


@cache
def vocabulary() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Return (tags that each aggregate may hold, tags of elements that hold text only), as the standard has them."""
    from ofxtools import models  # noqa: PLC0415 - takes a quarter of a second, and only OFX needs it
    from ofxtools.models.base import Aggregate as Model  # noqa: PLC0415 - the same

    known = [cls for cls in vars(models).values() if isinstance(cls, type) and issubclass(cls, Model)]
    children = {cls.__name__: frozenset(name.upper() for name in (*cls.spec, *cls.listaggregates)) for cls in known}
    leaves = frozenset(name.upper() for cls in known for name in cls.elements) - children.keys()
    # Pending transactions came with OFX 2.2; the others are those of OFC, the format before OFX.
    children["STMTTRNP"] = children["STMTTRN"] | {"DTTRAN", "DTEXPIRE"}
    children["BANKTRANLISTP"] = frozenset({"DTASOF", "STMTTRNP"})
    children |= {"OFC": frozenset({"ACCTSTMT"}), "ACCTSTMT": frozenset({"ACCTFROM", "STMTRS"})}
    children["ACCTFROM"] = children["BANKACCTFROM"]
    for statement in ("STMTRS", "CCSTMTRS"):
        children[statement] |= {"BANKTRANLISTP", "STMTTRN", "DTSTART", "DTEND", "LEDGER"}
    return children, leaves
