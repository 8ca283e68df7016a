"""What else is done when people edit transactions or take away what they confirmed, within the same write.

An app registers a Reaction when it is loaded, so that the ledger need not know of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from expenses.models import CategorizationStatus, Run, Transaction

_REACTIONS: dict[str, "Reaction"] = {}


class Reaction(ABC):
    """One thing that is done. All methods are called under the ledger's lock, within its write."""

    name: ClassVar[str]

    @abstractmethod
    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        """A person edited these rows, by hand or by the run. Returns whether this has changed any of them again."""

    def after_choices(self, *, ledger_id: int) -> None:  # noqa: B027 - most do not mind
        """Confirmed rows came, went or changed otherwise than by an edit: they were deleted, restored or split, their
        category was merged, or a run was reverted."""


def register(reaction: Reaction) -> None:
    """Safe to repeat."""
    _REACTIONS[reaction.name] = reaction


def react_to_edit(*, ledger_id: int, ids: Sequence[int], version: int, run: Run | None = None) -> bool:
    """Let everyone react. Returns whether rows were changed again, so that who holds them must read them anew."""
    answers = [
        reaction.after_edit(ledger_id=ledger_id, ids=ids, version=version, run=run) for reaction in _REACTIONS.values()
    ]
    return any(answers)


def react_to_choices(*, ledger_id: int) -> None:
    """Let everyone react to confirmed rows that came, went or changed otherwise than by an edit."""
    for reaction in _REACTIONS.values():
        reaction.after_choices(ledger_id=ledger_id)


def has_choices(rows: Iterable[Transaction]) -> bool:
    """Whether somebody confirmed one of them, or chose its category."""
    return any(row.review_status == CategorizationStatus.CONFIRMED for row in rows)
