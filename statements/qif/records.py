"""Records of a QIF file, with the section and the account that they stand in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from statements.delimited.words import balance_label

#: Lists of other things than movements of money, by the reason for which their records are skipped.
OTHER_SECTIONS = {
    "cat": "category",
    "class": "class",
    "memorized": "memorized",
    "invst": "security",
    "invest": "security",
    "port": "security",
    "security": "security",
    "prices": "security",
    "budget": "budget",
    "tag": "tag",
    "template": "memorized",
}
ACCOUNTS = "account"
#: Fields of a split: category, memo, amount, percentage.
SPLIT_FIELDS = "SE$%"
_HEADER = re.compile(
    r"!?\s*Type\s*:\s*(?P<type>\S.*)|!\s*(?P<word>Account|Option|Clear)\b\s*:?\s*(?P<option>.*)", re.IGNORECASE
)
_FIELD = re.compile(r"[A-Z$%^/]", re.IGNORECASE)


@dataclass(slots=True)
class QifRecord:
    """Lines up to “^”. `fields` are values by letter, in order; `splits` one dictionary of values for each split.

    `section` is in lower case: `bank`, `cash`, `ccard`, `account`, or a key of OTHER_SECTIONS. `account` is the name of
    the account that the file gives, "" if none. `is_cut` is True if the file ends with an amount, without an
    end of the line: a part of it would pass for the whole.
    """

    line: int
    section: str
    account: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    splits: list[dict[str, str]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    is_cut: bool = False

    def first(self, letter: str) -> str:
        """Return the first value of a field that is not empty, else ""."""
        return next(filter(None, self.fields.get(letter, ())), "")

    def add(self, letter: str, value: str) -> None:
        """Add a line. A split begins with each S; a part without one begins with an amount after an amount."""
        if letter not in SPLIT_FIELDS:
            # Within splits, programs repeat the date of the record; an amount that comes twice is refused later.
            if not self.splits or letter not in self.fields or letter == "T":
                self.fields.setdefault(letter, []).append(value)
            return
        if letter == "S" or not self.splits or letter in self.splits[-1]:
            self.splits.append({})
        self.splits[-1][letter] = value


@dataclass(slots=True)
class _Position:
    """Where the next record stands. `names` are those of the accounts in the present list of accounts."""

    section: str = ""
    account: str = ""
    names: list[str] = field(default_factory=list)


def read_records(text: str) -> Iterator[QifRecord]:
    """Yield each record with a line of its own, in the order of the file."""
    place = _Position()
    record: QifRecord | None = None
    for number, full_line in enumerate(text.split("\n"), start=1):
        line = full_line.strip()
        header = _HEADER.fullmatch(line) if line[:1] in "!tT" else None
        if header is None and line and line[0] not in "^!" and not _FIELD.match(line):
            continue
        if record is not None and (header is not None or line[:1] == "^" or _begins_another(record, line)):
            yield _placed(record, place)
            record = None
        if header is not None:
            _enter(place, header)
        elif line and line[0] not in "^!":
            if record is None:
                record = QifRecord(number, place.section, place.account)
            record.raw.append(line)
            record.add(line[0].upper(), line[1:].strip())
    if record is not None:
        record.is_cut = not text.endswith("\n") and record.raw[-1][0] in "TtUu$"
        yield _placed(record, place)


def _begins_another(record: QifRecord, line: str) -> bool:
    """Return True for the date of the next record where “^” is missing."""
    is_whole = "D" in record.fields and ("T" in record.fields or "U" in record.fields)
    return line[:1] in "dD" and is_whole and not record.splits and record.section not in OTHER_SECTIONS


def _placed(record: QifRecord, place: _Position) -> QifRecord:
    """Note the account that a record names: in a list of accounts, or as an opening balance that comes from itself."""
    if record.section == ACCOUNTS:
        place.names.append(record.first("N"))
        # A list of several says which there are; one alone says which account comes next.
        place.account = place.names[0] if len(place.names) == 1 else ""
    elif not record.account and is_opening_balance(record):
        record.account = place.account = record.first("L").strip("[]")
    return record


def is_opening_balance(record: QifRecord) -> bool:
    """Return True for the first record of an account in Quicken: it names its own account as the other side."""
    name = record.first("L")
    return name.startswith("[") and balance_label(record.first("P")) == "opening_balance"


def _enter(place: _Position, header: re.Match[str]) -> None:
    word = (header["word"] or "").lower()
    if word == "account":
        place.section, place.names = ACCOUNTS, []
    elif not word:
        place.section = " ".join(header["type"].lower().split())
