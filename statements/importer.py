"""The interface of a statement format: a new format is one subclass of `Importer` and nothing else.

Everything here is pure: bytes and a profile in, frozen rows out. Amounts are signed from the account holder's side:
money out is negative.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

#: A JSON object that says how one file, or all files of one bank, are to be read. Its keys are the format's own.
Profile = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement of money. `line` counts from 1, as an editor shows it; `currency` is ISO 4217 or "".

    `iban` is the other side's account, proved by its check digits; `mcc` has four digits. Both are "" when unknown.
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


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question that the file leaves open. `alternatives` are values for the profile's `attr`, the one taken first."""

    attr: str
    code: str
    detail: str
    alternatives: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The profile that a file is read under, for the user to check and correct."""

    profile: dict[str, Any]
    columns: list[str]
    questions: list[ReadingQuestion] = field(default_factory=list)


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


class Importer(ABC):
    """One format of statement. An importer holds no state: each method is a pure function of its arguments."""

    format: ClassVar[str]

    @abstractmethod
    def recognizes(self, data: bytes) -> bool:
        """Return True if the content, never a file name, looks like this format."""

    @abstractmethod
    def detect(self, data: bytes) -> Reading:
        """Return the profile that fits the file. Raises `UnreadableFile`."""

    @abstractmethod
    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        """Yield every record of the file in order. Raises `UnreadableFile` if the profile cannot be used."""

    @abstractmethod
    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        """Return the faults of a profile that a user edited; none if `read` can use it."""
