"""Parts that exports of other programs share: tables with a known header, accounts, and what cannot be kept."""

import codecs
import csv
import datetime as dt
import io
import re
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from expenses.ledger.money import MAX_AMOUNT
from statements.archive.directory import content_of, members_of
from statements.delimited.amounts import AmountError, parse_amount
from statements.delimited.dates import FormatChoice, Hints, choose_format, date_parser
from statements.delimited.encoding import decodes
from statements.delimited.words import currency_of, is_currency_code
from statements.importer import (
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowError,
    Skipped,
    StatementRow,
    UnreadableFile,
    UnreadableRecord,
)
from statements.profile_faults import currency_faults, date_format_faults, decimal_faults, format_faults, unknown_keys

#: A header is looked for in so many bytes of a file.
HEADER_BYTES = 8192
#: Bytes that a member of an archive may have once it is unpacked.
MOST_BYTES = 64 << 20
ISO = "%Y-%m-%d"
#: The name of an account that has none in the file.
NAMELESS = "Account"
#: What an amount is made of beside a symbol of its currency.
_NO_SYMBOL = re.compile(r"[\d\s.,'’+()−–-]")  # noqa: RUF001 - these signs stand for minus

Outcome = StatementRow | RowError | Skipped


@dataclass
class Notes:
    """Facts beside the rows: opening balances by account, and how often something cannot be kept."""

    losses: Counter[str] = field(default_factory=Counter)
    openings: dict[str, Decimal] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    ibans: dict[str, str] = field(default_factory=dict)
    #: Accounts in the order of the file, also those without rows.
    accounts: dict[str, None] = field(default_factory=dict)

    def open(self, account: str, amount: Decimal, currency: str = "") -> None:
        """Add to the opening balance of an account. Raises `UnreadableRecord` if it is too large."""
        self.accounts.setdefault(account)
        opening = self.openings.get(account, Decimal(0)) + amount
        if abs(opening) >= MAX_AMOUNT:
            detail = f"{opening} is too large; amounts are less than {MAX_AMOUNT}."
            raise UnreadableRecord("amount", "max_value", detail)
        self.openings[account] = opening
        if currency:
            self.currencies.setdefault(account, currency)


@dataclass(frozen=True, slots=True)
class BookLine:
    """A record of a table, by the names of its header in lower case. `number` is that of its first line."""

    number: int
    cells: Mapping[str, str]
    raw: tuple[str, ...]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "").strip()


class BookImporter(Importer):
    """A file of a program that keeps books.

    A subclass says how its records become rows. `losses` are sentences by a key that `rows` counts; {n} is the count.
    """

    is_book: ClassVar[bool] = True
    losses: ClassVar[Mapping[str, str]]

    @abstractmethod
    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        """Yield every record in order, and note what belongs to no row. Raises `UnreadableFile`."""

    def suggest(self, data: bytes) -> tuple[dict[str, str], list[ReadingQuestion]]:
        """Return the keys of the profile besides the format, and what the file leaves open."""
        return {}, []

    def amounts(self, data: bytes) -> Iterable[str]:
        """Return the texts of amounts, whose symbols may say what currency they have. Raises `UnreadableFile`."""
        return ()

    def detect(self, data: bytes) -> Reading:
        profile, questions = self.suggest(data)
        notes = Notes()
        for record in self.rows(data, profile, notes):
            if isinstance(record, StatementRow):
                notes.accounts.setdefault(record.account)
                if not is_currency_code(notes.currencies.get(record.account, "")):
                    notes.currencies[record.account] = record.currency
        accounts = [
            FileAccount(
                key=name,
                name=name or NAMELESS,
                iban=notes.ibans.get(name, ""),
                currency=code if is_currency_code(code := notes.currencies.get(name, "")) else "",
                opening_balance=notes.openings.get(name),
            )
            for name in notes.accounts
        ]
        if not all(account.currency for account in accounts):
            profile = {**profile, "currency_code": currency_in(self.amounts(data))}
        warnings = [text.format(n=notes.losses[key]) for key, text in self.losses.items() if notes.losses[key]]
        return Reading({"format": self.format, **profile}, [], questions, accounts, warnings)

    def read(self, data: bytes, profile: Profile) -> Iterator[Outcome]:
        return self.rows(data, profile, Notes())

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        known = {"format", "currency_code", *self.suggest(data)[0]}
        return [
            *unknown_keys(profile, known),
            *format_faults(profile, self.format),
            *currency_faults(profile),
            *(date_format_faults(profile) if "date_format" in known else []),
            *(decimal_faults(profile) if "decimal" in known else []),
        ]


class BookTable(BookImporter):
    """A table with a known header, between commas, semicolons or tabs."""

    #: Names of columns in lower case, by which the file is recognized.
    required: ClassVar[frozenset[str]]
    amount_columns: ClassVar[tuple[str, ...]] = ("amount",)

    def recognizes(self, data: bytes) -> bool:
        return self.required <= set(header_of(data))

    def amounts(self, data: bytes) -> Iterable[str]:
        return (line[name] for line in read_table(data) for name in self.amount_columns)

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        for line in read_table(data):
            try:
                yield from self.rows_of(line, profile, notes)
            except UnreadableRecord as error:
                yield error.at(line.number, line.raw)

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        """Yield the rows of one record. Raises `UnreadableRecord`. A table of splits overrides `rows` instead."""
        raise NotImplementedError


def header_of(data: bytes) -> list[str]:
    """Return the names in the first line of a table, in lower case; [] if it is not one."""
    head = _decoded(data[:HEADER_BYTES]).lstrip("\ufeff").splitlines()
    if not head or "\0" in head[0]:
        return []
    try:
        return [name.strip().casefold() for name in next(csv.reader([head[0]], delimiter=_delimiter(head[0])))]
    except (csv.Error, StopIteration):
        return []


def read_table(data: bytes) -> Iterator[BookLine]:
    """Yield the records under the header. Raises `UnreadableFile`."""
    names = header_of(data)
    text = _decoded(data).lstrip("\ufeff")
    delimiter = _delimiter(text[:HEADER_BYTES].split("\n", 1)[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        next(reader)
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield BookLine(number, dict(zip(names, cells, strict=False)), tuple(cells))
            number = reader.line_num + 1
    except csv.Error as error:
        detail = f"Line {number} cannot be read as CSV ({error}). Export the file again."
        raise UnreadableFile("unreadable", detail) from None


def read_groups(data: bytes, column: str) -> Iterator[tuple[str, list[BookLine]]]:
    """Yield each value of a column with its records, wherever they stand; a record without a value is one alone.

    Only the records of groups that go on below are held. Raises `UnreadableFile`.
    """
    left = Counter(line[column] for line in read_table(data))
    held: dict[str, list[BookLine]] = defaultdict(list)
    for line in read_table(data):
        group = line[column]
        held[group].append(line)
        left[group] -= 1
        if not group or not left[group]:
            yield group, held.pop(group)


def member_of(data: bytes, wanted: Callable[[str], bool]) -> bytes | None:
    """Return the first member of a zip archive whose name is wanted, None if there is none. Raises `UnreadableFile`."""
    found = next((info for info in members_of(data) if wanted(info.filename)), None)
    return content_of(data, found, most=MOST_BYTES) if found else None


def amount_in(text: str, *, decimal: str = ".", attr: str = "amount") -> Decimal:
    """Return an amount. Raises `UnreadableRecord`."""
    try:
        return parse_amount(text, decimal).value
    except AmountError as error:
        raise UnreadableRecord(attr, "unreadable", f"“{text[:40]}” {error}.") from None


def day_in(text: str, pattern: str = ISO) -> dt.date:
    """Return a date; what follows it in the cell is left out. Raises `UnreadableRecord`."""
    day = date_parser(pattern)(text)
    if day is None:
        raise UnreadableRecord("date", "unreadable", f"“{text[:40]}” is not a date of the form {pattern}.")
    return day


def date_question(choice: FormatChoice) -> list[ReadingQuestion]:
    """Return the question whether the day or the month comes first, if the cells leave it open."""
    if not choice.others:
        return []
    detail = f"The dates are read as {choice.pattern}; {' or '.join(choice.others)} would fit as well."
    return [ReadingQuestion("date_format", "unknown_date_order", detail, (choice.pattern, *choice.others))]


def date_format_of(cells: list[str], *, title: str) -> FormatChoice:
    """Return the format of the cells of a date column. Raises `UnreadableFile`."""
    choice = choose_format(cells, (), Hints())
    if choice is None:
        raise UnreadableFile("no_rows", f"No date was found in this file of {title}. Export it again.")
    return choice


def decimal_of(cells: list[str]) -> str:
    """Return the separator before the fractions of amounts: that of two digits at the end, "." if nothing tells."""
    found = Counter(cell.rstrip("\u00a0 €$£)")[-3:-2] for cell in cells if len(cell) > 2)
    return "," if found[","] > found["."] else "."


def currency_in(amounts: Iterable[str]) -> str:
    """Return the code of the currency whose symbol stands beside amounts; "" for none, several, or a shared one ($)."""
    symbols = {_NO_SYMBOL.sub("", text) for text in amounts} - {""}
    codes = {currency_of(symbol) for symbol in symbols}
    return codes.pop() if len(codes) == 1 else ""


def split_tags(text: str, separator: str) -> tuple[str, ...]:
    """Return the names between separators, each once."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(separator) if tag.strip()))


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _decoded(data: bytes) -> str:
    """Return the text without the character NUL, which no database column can hold."""
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-8" if decodes(data, "utf-8") else "utf-16" if is_wide else "cp1252"
    return data.decode(encoding, "replace").replace("\0", "")
