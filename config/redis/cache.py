"""The cache in Redis, which may be away: then nothing is cached, and no request fails."""

import logging
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NoReturn

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.backends import REDIS_CONNECT_TIMEOUT_S, REDIS_TIMEOUT_S

#: Redis gets no commands for so long after a failure, so that time-outs do not add up within a request.
PAUSE_S = 5

logger = logging.getLogger(__name__)


def connection_options() -> dict[str, Any]:
    """Return the options of each client: short time-outs, and one more try in case a connection was closed."""
    return {
        "socket_connect_timeout": REDIS_CONNECT_TIMEOUT_S,
        "socket_timeout": REDIS_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 1),
    }


def _or_else(method: Callable[..., Any], fallback: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of the cache that calls the fallback while Redis is away."""

    @wraps(method)
    def call(cache: "ForgivingRedisCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= cache.paused_until:
            try:
                return method(cache, *args, **kwargs)
            except RedisError as error:
                cache.paused_until = time.monotonic() + PAUSE_S
                logger.warning(
                    "The cache in Redis does not answer (%s); work goes on without it.", type(error).__name__
                )
        return fallback(*args, **kwargs)

    return call


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _false(*_: Any, **__: Any) -> bool:
    return False


def _missing(key: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"Key {key!r} not found.")


class ForgivingRedisCache(RedisCache):
    """Django's cache in Redis, but empty while Redis is away. health/ready/ tells the operator.

    `add` then says that the key exists, so that no caller gets a lock that is not kept.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": connection_options() | params.get("OPTIONS", {})})
        self.paused_until = 0.0

    add = _or_else(RedisCache.add, _false)
    get = _or_else(RedisCache.get, lambda key, default=None, version=None: default)
    set = _or_else(RedisCache.set, _nothing)
    touch = _or_else(RedisCache.touch, _false)
    delete = _or_else(RedisCache.delete, _false)
    has_key = _or_else(RedisCache.has_key, _false)
    incr = _or_else(RedisCache.incr, _missing)
    set_many = _or_else(RedisCache.set_many, lambda data, *_, **__: list(data))
    delete_many = _or_else(RedisCache.delete_many, _nothing)
    clear = _or_else(RedisCache.clear, _nothing)
    _get_many = _or_else(RedisCache.get_many, lambda *_, **__: {})

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        wanted = list(keys)
        found: dict[str, Any] = self._get_many(wanted, version) if wanted else {}  # Redis refuses an empty list
        return found
