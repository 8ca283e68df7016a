"""The interface of a statement format: a new format is one subclass of `Importer` and nothing else.

Everything here is pure: bytes and a profile in, frozen rows out. Amounts are signed from the account holder's side:
money out is negative.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

#: The code of the question whether the rows of a file are right that nothing in it proves. No saved profile answers it.
UNPROVED = "unproved"
#: The code of the question whether a separator is that of thousands or of fractions.
UNKNOWN_DECIMAL = "unknown_decimal"

#: A JSON object that says how one file, or all files of one bank, are to be read. Its keys are the format's own.
Profile = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowPart:
    """One part of a split row. `amount` is signed like that of the row; the parts of a row add up to it.

    `description` is "" for a part that has the text of the row.
    """

    amount: Decimal
    category: tuple[str, ...] = ()
    notes: str = ""
    description: str = ""


class SourceRow(NamedTuple):
    """A row of the ledger that wrote the file: its id there, its signed amount, and the bank's text."""

    id: int
    amount: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement of money. `line` counts from 1, as an editor shows it; `currency` is ISO 4217 or "".

    `iban` is the other side's account, proved by its check digits; `mcc` has four digits. Both are "" when unknown.
    `external_id` is the bank's own id. `account` is the key of a `FileAccount`, "" if the file names none.

    The last fields come from programs that keep books: `category` is a path of names from the root, `transfer_account`
    the key or name of the account on the other side. Both halves of a transfer that the file shows have one
    `transfer_id`. `is_transfer` says that the program calls the row one, and does not name the other side.
    `origins` are the rows of a ledger that a file of Outlay was written from: one, or the parts of a split row.
    """

    line: int
    date: dt.date
    amount: Decimal
    description: str
    merchant: str
    currency: str
    raw: tuple[str, ...]
    pending: bool = False
    external_id: str = ""
    iban: str = ""
    mcc: str = ""
    account: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""
    parts: tuple[RowPart, ...] = ()
    transfer_account: str = ""
    transfer_id: str = ""
    is_transfer: bool = False
    origins: tuple[SourceRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows one after the other, in columns of one length. What has no column here is empty in each row.

    `texts` are description, merchant, IBAN and merchant category code.
    """

    lines: Sequence[int]
    dates: Sequence[dt.date]
    amounts: Sequence[Decimal]
    currencies: Sequence[str]
    external_ids: Sequence[str]
    texts: Sequence[tuple[str, str, str, str]]
    raws: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, part: slice) -> Self:
        return type(self)(*(getattr(self, column.name)[part] for column in fields(self)))

    def row(self, index: int) -> StatementRow:
        """Return the row at an index from 0."""
        description, merchant, iban, mcc = self.texts[index]
        return StatementRow(
            self.lines[index], self.dates[index], self.amounts[index], description, merchant, self.currencies[index],
            tuple(self.raws[index]), False, self.external_ids[index], iban, mcc,
        )  # fmt: skip

    def rows(self) -> Iterator[StatementRow]:
        """Yield the rows in order."""
        return map(self.row, range(len(self)))


@dataclass(frozen=True, slots=True)
class RowError:
    """An unreadable row that should be a movement of money; `detail` is a sentence for the user."""

    line: int
    attr: str
    code: str
    detail: str
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is not a movement of money; `reason` is a code such as blank, total, zero or text.

    `date` is set for a row of zero, which banks use for notices: it moves nothing, but the bank counts it as an entry.
    """

    line: int
    reason: str
    raw: tuple[str, ...]
    date: dt.date | None = None


def each_row(
    blocks: Iterable[RowBlock | StatementRow | RowError | Skipped],
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows of blocks one at a time."""
    for block in blocks:
        if isinstance(block, RowBlock):
            yield from block.rows()
        else:
            yield block


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question that the file leaves open. `alternatives` are values for the profile's `attr`, the one taken first."""

    attr: str
    code: str
    detail: str
    alternatives: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class FileAccount:
    """An account that a file names. `key` is unique in the file, and the same in the next file of the account.

    `iban` is "" or compact, with correct check digits. `number` is the account's number as the bank writes it, without
    blanks; `bank` is the bank's code, BIC or name. `balance` is the booked one at the end of `balance_date`.
    `opening_balance` is what was there before the first row.
    """

    key: str
    name: str = ""
    iban: str = ""
    number: str = ""
    bank: str = ""
    currency: str = ""
    balance: Decimal | None = None
    balance_date: dt.date | None = None
    opening_balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The profile that a file is read under, for the user to check and correct.

    `accounts` lists those that the file names, in its order. Each of `warnings` is a sentence about the whole file,
    such as a closing balance that the rows do not add up to. `shape` tells layouts without names of columns apart.
    """

    profile: dict[str, Any]
    columns: list[str]
    questions: list[ReadingQuestion] = field(default_factory=list)
    accounts: list[FileAccount] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    shape: str = ""


class ProfileError(NamedTuple):
    """A fault in one key of a profile."""

    attr: str
    code: str
    detail: str


class UnreadableFile(Exception):
    """Raised where a file, or a file under this profile, is no statement; `detail` says what to do next."""

    def __init__(self, code: str, detail: str, *, attr: str = "file") -> None:
        super().__init__(detail)
        self.attr = attr
        self.code = code
        self.detail = detail


class UnreadableRecord(Exception):
    """Raised within a format for a fault in one field of a record; `detail` is a sentence that follows “Line 3: ”."""

    def __init__(self, attr: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.attr = attr
        self.code = code
        self.detail = detail

    def at(self, line: int, raw: tuple[str, ...]) -> RowError:
        """Return the error of the record that begins in this line."""
        return RowError(line, self.attr, self.code, f"Line {line}: {self.detail}", raw)


class Importer(ABC):
    """One format of statement. An importer holds no state: each method is a pure function of its arguments.

    `format` is its name in the API, `title` its name in sentences. A parser whose memory or time a file could exhaust
    belongs in a child process: see `statements.limits`. `is_book` says that the file comes from a program that keeps
    books: its accounts, categories and tags are created where the ledger has none of the name.
    """

    format: ClassVar[str]
    title: ClassVar[str]
    is_book: ClassVar[bool] = False

    def n_rows(self, data: bytes) -> int:
        """Return about how many rows the file has, to refuse one with too many. Raises `UnreadableFile`."""
        return max(data.count(b"\n"), data.count(b"\r"))

    @abstractmethod
    def recognizes(self, data: bytes) -> bool:
        """Return True if the content, never a file name, looks like this format. Never raises, and is quick."""

    @abstractmethod
    def detect(self, data: bytes) -> Reading:
        """Return the profile that fits the file. Raises `UnreadableFile`."""

    @abstractmethod
    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        """Yield every record of the file in order. Raises `UnreadableFile` if the profile cannot be used."""

    def read_blocks(self, data: bytes, profile: Profile) -> Iterator[RowBlock | StatementRow | RowError | Skipped]:
        """Yield what `read` yields, rows in blocks where the format can read whole columns. Raises as `read` does."""
        return self.read(data, profile)

    @abstractmethod
    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        """Return the faults of a profile that a user edited; none if `read` can use it."""
