"""The fields of MT940 messages with their lines: envelopes, ends of messages and unknown tags are taken apart here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from statements.messages.texts import text_chunks

#: Marks beside tags: more text of a field, the begin of a message, and its end.
_TEXT, _MESSAGE, _STOP = "text", "message", "end"
_LONGEST_ACCOUNT = 50
_MOST_MOVEMENTS = 1000
_OF_MOVEMENTS = frozenset(("61", "86", "NS"))
_LONG_LINE = 1000
_BREAK = re.compile(r"\r\n|\r|\n")
_TAG = re.compile(
    r"[ \t]{0,3}:[ ]?(?:([0-9]{2}[A-Z]?|NS|[0-9]{3,4}):|(6[0-5][FM]?)(?=[CD][0-9]{6}[A-Z]{3}))(.*)",
    re.IGNORECASE | re.DOTALL,
)
#: Tags that end a text. Any other one inside a text is a part of it, such as the minutes of a time.
_KNOWN = frozenset(
    (
        *("13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "60", "60F", "60M", "61", "62", "62F", "62M"),
        *("64", "64F", "65", "65F", "86", "90C", "90D", "NS"),
    )
)
_BOUNDS = _KNOWN | {_MESSAGE, _STOP}
_HOUR_AT_END = re.compile(r"(?:^|[T ])[0-2][0-9]$")
_MINUTES = re.compile(r":[0-5][0-9]:[0-5][0-9](?![0-9])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff]")
#: A minus alone, or with the bracket that closes the text block.
_END = re.compile(r"[ \t]*-(?:\}|[ \t]*$)")
#: Everything up to the text block, and the number of the message in the block before it.
_ENVELOPE = re.compile(r"\{[1-4]:")
_KIND = re.compile(r"\{2:[IO]([0-9]{3})")
_TEXT_BLOCK = re.compile(r"\{4:[ \t]*")
#: Tags that follow each other in one long line, in files that lost their line breaks.
_TAGS_INSIDE = re.compile(r"(?=:(?:20|21|25P?|28C?|60[FM]|61|86|62[FM]|64|65):)")


@dataclass(frozen=True, slots=True)
class Field:
    """A tag such as 61 with the lines of its value. `line` counts from 1."""

    tag: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The value in one line."""
        return "".join(self.lines).strip()


@dataclass(slots=True)
class Mt940Statement:
    """The fields of one statement. `kind` is the number of the message, 940 or 942; "" without an envelope.

    `is_ended` says that the end of the message was seen; `is_enveloped` that it must come. A long statement comes in
    several pieces: `is_complete` is True in the last one, and `booked` is the sum of the pieces so far.
    """

    line: int
    kind: str = ""
    is_enveloped: bool = False
    is_ended: bool = False
    is_complete: bool = False
    last_line: int = 0
    booked: Decimal = Decimal(0)
    fields: list[Field] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    n_movements: int = 0

    def add(self, tag: str, line: int, text: str) -> None:
        """Begin a field."""
        self.fields.append(Field(tag, line, [text]))
        self.tags.add(tag)
        self.n_movements += tag == "61"
        self.last_line = line

    def extend(self, line: int, text: str) -> None:
        """Continue the last field."""
        self.fields[-1].lines.append(text)
        self.last_line = line

    def drop_movements(self) -> None:
        """Keep the first field of each other tag alone."""
        first = {one.tag: one for one in reversed(self.fields) if one.tag not in _OF_MOVEMENTS}
        self.fields = list(reversed(first.values()))
        self.n_movements = 0

    @property
    def is_in_text(self) -> bool:
        """True while a text (:86:) may go on."""
        return not self.is_ended and bool(self.fields) and self.fields[-1].tag == "86"

    def has(self, *tags: str) -> bool:
        """Return True if a field has one of the tags."""
        return not self.tags.isdisjoint(tags)


def statements_of(data: bytes, encoding: str) -> Iterator[Mt940Statement]:
    """Yield the statements of a file in order, one piece at a time. Text outside of messages is left out."""
    statement: Mt940Statement | None = None
    kind, is_enveloped, is_in_field = "", False, False
    for number, mark, text in _tokens(data, encoding):
        if mark == _TEXT:
            if is_in_field and statement is not None:
                statement.extend(number, text)
            continue
        if statement is not None and statement.is_in_text and mark not in _BOUNDS:
            statement.extend(number, f":{mark}:{text}")
            continue
        begins = statement is None or mark == _MESSAGE or _begins(mark, text, statement)
        if begins and statement is not None:
            statement.is_complete = True
            yield statement
            statement = None
        elif mark == "61" and statement is not None and statement.n_movements >= _MOST_MOVEMENTS:
            yield statement
            statement.drop_movements()
        if mark == _MESSAGE:
            kind, is_enveloped = text or kind, True
        elif mark != _STOP:
            statement = statement or Mt940Statement(number, kind, is_enveloped)
            statement.add(mark, number, text)
        elif statement is not None:
            statement.is_ended = True
        is_in_field = mark not in (_MESSAGE, _STOP)
    if statement is not None:
        statement.is_complete = True
        yield statement


def _tokens(data: bytes, encoding: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, mark and text: a tag with its value, more text of a field, and where messages begin and end.

    The text of the begin of a message is the number of its kind, such as 940.
    """
    kind = before = ""
    for number, text in _lines(data, encoding):
        line, before_it, before = text, before, text
        if _END.match(line):
            yield number, _STOP, ""
        if envelope := _ENVELOPE.search(line):
            kind = found[1] if (found := _KIND.search(line)) else kind
            block = _TEXT_BLOCK.search(line, envelope.start())
            if block is None:
                continue
            yield number, _MESSAGE, kind
            line = line[block.end() :]
        tag = _TAG.match(line)
        if tag and not (_MINUTES.match(line) and _HOUR_AT_END.search(before_it)):
            yield number, (tag[1] or tag[2]).upper(), tag[3]
        elif line.strip():
            yield number, _TEXT, line


def _begins(tag: str, text: str, statement: Mt940Statement) -> bool:
    """Return True if a field does not belong to the statement before it."""
    if tag == "20":
        return statement.has("20", "61", "60F", "60M", "62F", "62M")
    if tag in ("25", "25P"):
        return statement.has("25", "25P") and len(text) <= _LONGEST_ACCOUNT
    return tag in ("60F", "60M", "60") and statement.has("60F", "60M", "60", "62F", "62M")


def _lines(data: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line. A colon alone belongs to the tag in the next line."""
    number, before = 0, ""
    for text in _broken_lines(data, encoding):
        number += 1
        line = before + _CONTROLS.sub("", text)
        before = ""
        if line.strip() == ":":
            before = ":"
            continue
        if len(line) > _LONG_LINE and len(parts := _TAGS_INSIDE.split(line)) > 2:
            yield from ((number, part) for part in parts if part)
        else:
            yield number, line


def _broken_lines(data: bytes, encoding: str) -> Iterator[str]:
    rest = ""
    for text in text_chunks(data, encoding):
        rest += text
        if not rest.endswith("\r"):
            *complete, rest = _BREAK.split(rest)
            yield from complete
    yield from _BREAK.split(rest)
