"""Things above the ledger that name its categories and tags: they are asked before one goes, and follow the next one.

An app that has such things registers a Referrer when it is loaded, so that the ledger need not know of it.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

_REFERRERS: dict[str, "Referrer"] = {}


class Referrer(ABC):
    """Things of one kind. All methods are called under the ledger's lock, within its write."""

    #: What they are called, in the plural.
    name: ClassVar[str]

    @abstractmethod
    def count(self, *, ledger_id: int, category: int) -> int:
        """How many name the category."""

    @abstractmethod
    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        """Let those that name the category name another one, stamped with the version. Returns how many."""

    def forget(self, *, ledger_id: int, category: int, version: int) -> None:  # noqa: B027 - most hold it back
        """The category, which is not held back, is deleted: stamp those that named it."""

    @abstractmethod
    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        """Stamp those that show the category's name, which has changed."""

    @abstractmethod
    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        """Let those that name the tag, whatever the case, name it or another one as it is written now."""


def register(referrer: Referrer) -> None:
    """Safe to repeat."""
    _REFERRERS[referrer.name] = referrer


def referrers() -> tuple[Referrer, ...]:
    """Everything that is registered."""
    return tuple(_REFERRERS.values())
