"""The cache in Redis, which may be away: what it kept is found out anew, and no request fails for it."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.engines import REDIS_CONNECT_TIMEOUT_S, REDIS_TIMEOUT_S

T = TypeVar("T")

#: After a failure Redis is left alone for so long, so that its time-outs do not add up within a request.
LEFT_ALONE_S = 5

logger = logging.getLogger(__name__)


def connection_options() -> dict[str, Any]:
    """What every client in a request is given: short time-outs, and one more try, for a connection that was closed."""
    return {
        "socket_connect_timeout": REDIS_CONNECT_TIMEOUT_S,
        "socket_timeout": REDIS_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 1),
    }


class ForgivingRedisCache(RedisCache):
    """Django's, but a Redis that does not answer has forgotten everything, and keeps nothing.

    `add` then says that the key was there: nobody gets a lock that is not kept. health/ready/ tells the operator.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": connection_options() | params.get("OPTIONS", {})})
        self._asked_again_at = 0.0

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._or(False, lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, lambda: super(ForgivingRedisCache, self).get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._or(None, lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._or(False, lambda: super(ForgivingRedisCache, self).touch(key, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._or(False, lambda: super(ForgivingRedisCache, self).delete(key, version))

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        wanted = list(keys)  # Redis refuses a question about no key
        return self._or({}, lambda: super(ForgivingRedisCache, self).get_many(wanted, version)) if wanted else {}

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._or(False, lambda: super(ForgivingRedisCache, self).has_key(key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Raises ValueError for a key that is not there, as every cache does."""
        count: int | None = self._or(None, lambda: super(ForgivingRedisCache, self).incr(key, delta, version))
        if count is None:
            raise ValueError(f"Key {key!r} not found.")
        return count

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        return self._or(list(data), lambda: super(ForgivingRedisCache, self).set_many(dict(data), timeout, version))

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        wanted = list(keys)
        self._or(None, lambda: super(ForgivingRedisCache, self).delete_many(wanted, version))

    def clear(self) -> None:
        self._or(None, lambda: super(ForgivingRedisCache, self).clear())

    def _or(self, otherwise: T, ask: Callable[[], T]) -> T:
        if time.monotonic() < self._asked_again_at:
            return otherwise
        try:
            return ask()
        except RedisError as error:
            self._asked_again_at = time.monotonic() + LEFT_ALONE_S
            logger.warning("The cache in Redis does not answer (%s); work goes on without it.", type(error).__name__)
            return otherwise
