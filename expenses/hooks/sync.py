"""What else a client that keeps a copy is told, besides the ledger's own things.

An app registers a Feed when it is loaded, so that the ledger need not know of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from rest_framework.serializers import BaseSerializer

_FEEDS: dict[str, "Feed"] = {}


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of a table of the ledger, each stamped with the version of its last write; `rows` has `for_user`.

    `name` is what `changes/` calls the list. What `deleted` calls one that is gone is `type_of` its model.
    """

    name: str
    rows: Callable[[], Any]
    serializer: Callable[..., BaseSerializer[Any]]

    @property
    def type(self) -> str:
        return type_of(self.rows().model)


def register(feed: Feed) -> None:
    """Safe to repeat."""
    _FEEDS[feed.name] = feed


def feeds() -> Sequence[Feed]:
    """In the order in which they were registered."""
    return list(_FEEDS.values())


def type_of(model: type[Model]) -> str:
    """What tombstones of the model's rows are called."""
    return str(model._meta.verbose_name).replace(" ", "_")
