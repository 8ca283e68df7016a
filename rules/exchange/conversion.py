"""What a converter gives back: rules as the API takes them, and everything that did not come along."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rules.exchange.shapes import Misshapen, shorten

NAME_LENGTH = 100
GROUP_LENGTH = 50
#: Imported rules are asked after those that have the usual 100, in the order that keeps what they did.
FIRST_PRIORITY = 101
WIDER = "Without {} it would match more than before, so it comes in switched off; look it over, then switch it on."

Condition = dict[str, Any]
Action = dict[str, Any]
Body = dict[str, Any]


class NotCarried(Exception):
    """A part of a rule has no equal here; the sentence says why."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a rule that did not come along, or not as it was."""

    rule: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule to import. `index` is its place in the document."""

    index: int
    body: Body


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that cannot be read or stored, and why."""

    index: int
    name: str
    errors: list[dict[str, str]]

    @classmethod
    def of(cls, index: int, name: str, fault: Misshapen) -> "Refusal":
        """A refusal for what the reader of shapes found."""
        return cls(index, name, [{"attr": fault.place, "code": "invalid", "detail": fault.detail}])


@dataclass(frozen=True, slots=True)
class Names:
    """What the ledger calls its own accounts and its categories of transfers; other products know them by name, too."""

    accounts: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ("Transfers",)

    def account(self, name: str) -> str | None:
        """The account's name as the ledger writes it."""
        return next((own for own in self.accounts if own.casefold() == name.casefold()), None)


@dataclass(slots=True)
class Conversion:
    """The outcome of reading a document of another product."""

    rules: list[Candidate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def leave_out(self, rule: str, what: str, reason: str) -> None:
        """Note that a part of a rule, or all of it, stays behind."""
        self.left_out.append(LeftOut(shorten(rule, NAME_LENGTH), shorten(what, 120), reason))


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name, cut to what a rule's may be, with a number when it is taken, whatever the case."""
    folded = {other.casefold() for other in taken}
    candidate, number = shorten(name, NAME_LENGTH), 2
    while candidate.casefold() in folded:
        suffix = f" ({number})"
        candidate = shorten(name, NAME_LENGTH - len(suffix)) + suffix
        number += 1
    return candidate
