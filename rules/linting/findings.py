"""What the linter says of rules."""

from dataclasses import dataclass
from enum import StrEnum

from rules.engine.stored_rows import StoredRow
from rules.linting.cases import Case


class Kind(StrEnum):
    """What is wrong."""

    SHADOWED = "shadowed"
    DEAD = "dead"
    DUPLICATE = "duplicate"
    CONTRADICTORY = "contradictory"
    SLOW = "slow"


class Verdict(StrEnum):
    """How sure that is: it is so whatever the rows; a row shows that it is not so; the rows look like it."""

    PROVED = "proved"
    DISPROVED = "disproved"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about some rules, the one that it is about first, and a row that shows it."""

    kind: Kind
    verdict: Verdict
    cases: tuple[Case, ...]
    explanation: str
    example: StoredRow | None = None


def named(cases: tuple[Case, ...] | list[Case]) -> str:
    """The quoted names, as a sentence has them."""
    *front, last = [case.quoted for case in cases]
    return f"{', '.join(front)} and {last}" if front else last


def counted(n_rows: int) -> str:
    """A number of transactions."""
    return "one transaction" if n_rows == 1 else f"{n_rows:,} transactions"
