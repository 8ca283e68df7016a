"""Hooks by which apps above the ledger take part in its writes: three registries, filled when the apps are loaded.

Every method of a hook is called under the ledger's lock, within the write that concerns it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.serializers import BaseSerializer

from expenses.models import CategorizationStatus, Run, Transaction
from expenses.models.journal import tombstone_type

_EDIT_HOOKS: dict[str, "EditHook"] = {}
_REFERENCE_HOOKS: dict[str, "ReferenceHook"] = {}
_SYNC_FEEDS: dict[str, "SyncFeed"] = {}


class EditHook(ABC):
    """The reaction of an app to edits of transactions, and to confirmed ones that come and go."""

    name: ClassVar[str]

    @abstractmethod
    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        """Follow an edit of these rows, by hand or by the run. Return True if the hook has changed one of them."""

    def after_confirmations(self, *, ledger_id: int) -> None:  # noqa: B027 - most hooks ignore it
        """Follow confirmed rows that came or went without an edit, by a deletion, split, merge or revert."""


def register_edit_hook(hook: EditHook) -> None:
    """Add a hook. A second registration replaces the first."""
    _EDIT_HOOKS[hook.name] = hook


def call_edit_hooks(*, ledger_id: int, ids: Sequence[int], version: int, run: Run | None = None) -> bool:
    """Call every hook. Return True if rows were changed again, so that the caller must reload them."""
    answers = [hook.after_edit(ledger_id=ledger_id, ids=ids, version=version, run=run) for hook in _EDIT_HOOKS.values()]
    return any(answers)


def call_confirmation_hooks(*, ledger_id: int) -> None:
    """Tell every hook that confirmed rows came or went without an edit."""
    for hook in _EDIT_HOOKS.values():
        hook.after_confirmations(ledger_id=ledger_id)


def has_confirmed(rows: Iterable[Transaction]) -> bool:
    """Return True if one of the rows is confirmed."""
    return any(row.review_status == CategorizationStatus.CONFIRMED for row in rows)


class ReferenceHook(ABC):
    """Objects of an app that refer to categories and tags: they hold a category back, and follow its replacement."""

    #: The plural of what the objects are called, for error messages.
    name: ClassVar[str]

    @abstractmethod
    def count(self, *, ledger_id: int, category: int) -> int:
        """Return how many objects refer to the category."""

    @abstractmethod
    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        """Let objects refer to another category, stamped with the version. Return how many."""

    def forget(self, *, ledger_id: int, category: int, version: int) -> None:  # noqa: B027 - most hold it back
        """Stamp the objects that refer to a category which is about to be deleted."""

    @abstractmethod
    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        """Stamp the objects that show the category's name, which has changed."""

    @abstractmethod
    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        """Let objects that name the tag, in any case, name another tag or the tag's new spelling."""


def register_reference_hook(hook: ReferenceHook) -> None:
    """Add a hook. A second registration replaces the first."""
    _REFERENCE_HOOKS[hook.name] = hook


def reference_hooks() -> tuple[ReferenceHook, ...]:
    """Return all registered hooks."""
    return tuple(_REFERENCE_HOOKS.values())


@dataclass(frozen=True, slots=True)
class SyncFeed:
    """A list of an app's rows in `changes/`; each row is stamped with the version of its last write.

    `name` is the JSON field of the list. The queryset of `rows` has `for_user`.
    """

    name: str
    rows: Callable[[], Any]
    serializer: Callable[..., BaseSerializer[Any]]
    #: The reference to an account whose name the rows show, if any.
    account: str = ""
    #: Lets rows no longer name an account that is about to be deleted.
    forget_account: Callable[..., None] | None = None

    @property
    def type(self) -> str:
        """Return the `type` of deleted rows in `changes/`."""
        return tombstone_type(self.rows().model)

    def restamp_account(self, account: int, *, version: int) -> None:
        """Stamp the rows that show an account, which is renamed or deleted in the same write."""
        if self.account:
            self.rows().filter(**{self.account: account}).update(version=version)


def register_sync_feed(feed: SyncFeed) -> None:
    """Add a feed. A second registration replaces the first."""
    _SYNC_FEEDS[feed.name] = feed


def sync_feeds() -> tuple[SyncFeed, ...]:
    """Return all registered feeds, in the order of registration."""
    return tuple(_SYNC_FEEDS.values())
