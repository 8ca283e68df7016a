"""What a process remembers about the tokens that it saw, so that a request need not ask the database who sends it."""

import time
from collections.abc import Hashable
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState

if TYPE_CHECKING:
    from accounts.models import Token, User

KEPT_S = 60
MOST = 2_000

Row = TypeVar("Row", bound=Model)


class _Known(NamedTuple):
    user: "User"
    token: "Token"
    stamp: Hashable
    learned_at: float


class TokenMemo:
    """Digest → person and token, for a minute, and only while the stamp is what it was (accounts/revocations.py)."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def recall(self, digest: str, *, stamp: Hashable) -> "tuple[User, Token] | None":
        """Copies of their own for each request, since requests keep things on them."""
        known = self._known.get(digest)
        if known is None or known.stamp != stamp or time.monotonic() - known.learned_at > KEPT_S:
            return None
        user = _copy(known.user)
        return user, _copy(known.token, user=user)

    def keep(self, digest: str, *, stamp: Hashable, user: "User", token: "Token") -> None:
        """Remember what was read after the stamp was; the oldest goes where there are too many."""
        known = _Known(_copy(user), _copy(token), stamp, time.monotonic())
        with self._lock:
            self._known.pop(digest, None)
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[digest] = known

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._known.clear()

    def __len__(self) -> int:
        return len(self._known)


def _copy(row: Row, **related: Any) -> Row:
    """As copy.copy() does, which for a model takes ten times as long."""
    twin, state = type(row).__new__(type(row)), ModelState()
    state.db, state.adding, state.fields_cache = "default", False, related
    twin.__dict__.update(row.__dict__, _state=state)
    return twin


MEMO = TokenMemo()
