"""A circuit breaker in the shared cache: a link that keeps failing is not asked for a while."""

from django.core.cache import caches

FAILURES_TO_OPEN = 3
OPEN_S = 60


class CacheBreaker:
    """A count of failures in a row that all processes share. A lost cache only means asking once more."""

    def __init__(self, *, cache_alias: str = "default") -> None:
        self._alias = cache_alias

    def reason_to_skip(self, name: str) -> str | None:
        """Return the last failure's sentence while the breaker is open, else None."""
        n_failures, reason = self._state(name)
        return reason if n_failures >= FAILURES_TO_OPEN else None

    def note_failure(self, name: str, reason: str) -> None:
        n_failures, _ = self._state(name)
        caches[self._alias].set(self._key(name), (n_failures + 1, reason), OPEN_S)

    def note_success(self, name: str) -> None:
        caches[self._alias].delete(self._key(name))

    def describe(self, name: str) -> dict[str, str | int | None]:
        """Return the state as JSON: `state` is closed or open, `last_error` the last failure's sentence."""
        n_failures, reason = self._state(name)
        state = "open" if n_failures >= FAILURES_TO_OPEN else "closed"
        return {"state": state, "n_failures": n_failures, "last_error": reason or None}

    def _state(self, name: str) -> tuple[int, str]:
        n_failures, reason = caches[self._alias].get(self._key(name), (0, ""))
        return n_failures, reason

    @staticmethod
    def _key(name: str) -> str:
        return f"breaker:{name}"
