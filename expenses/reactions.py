"""What apps above the ledger do when people edit transactions, within the same write.

An app registers a Reaction when it is loaded, so that the ledger need not know of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from expenses.models import Run

_REACTIONS: dict[str, "Reaction"] = {}


class Reaction(ABC):
    """One thing that is done. All methods are called under the ledger's lock, within its write."""

    name: ClassVar[str]

    @abstractmethod
    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        """A person edited these rows, by hand or by the run. Returns whether this has changed any of them again."""


def register(reaction: Reaction) -> None:
    """Safe to repeat."""
    _REACTIONS[reaction.name] = reaction


def react_to_edit(*, ledger_id: int, ids: Sequence[int], version: int, run: Run | None = None) -> bool:
    """Let everyone react. Returns whether rows were changed again, so that who holds them must read them anew."""
    answers = [
        reaction.after_edit(ledger_id=ledger_id, ids=ids, version=version, run=run) for reaction in _REACTIONS.values()
    ]
    return any(answers)
