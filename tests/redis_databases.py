"""The databases of CACHE_URL and TASKS_URL that a test process has for itself, and empties between tests."""

import os
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from redis import Redis

MARK = "outlay-tests"


def own(url: str) -> str:
    """The address with the database of this xdist worker: 2 and 3 for the first, as many as the server has for all."""
    address, _, options = url.partition("?")
    query = dict(parse_qsl(options))
    number = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
    query["db"] = str(int(query.get("db", "0")) + 2 * (int(number) + 1 if number else 0))
    return f"{address}?{urlencode(query)}"  # which goes before a number in the address


@cache
def _clients() -> list[Redis]:
    from django.conf import settings  # noqa: PLC0415 - which reads this module

    urls = {queue["URL"] for queue in settings.RQ_QUEUES.values()}
    located: Any = settings.CACHES["default"].get("LOCATION")
    urls |= set(located) if isinstance(located, list) else set()
    return [Redis.from_url(url) for url in sorted(urls)]


def require_free() -> None:
    """End the session rather than empty what is not ours."""
    for client in _clients():
        if client.dbsize() and not client.exists(MARK):
            pytest.exit("Tests empty the Redis they use, and this one holds something: .ci/engines make test", 1)


def empty() -> None:
    """Forget everything, and leave the mark of a database that tests may empty."""
    for client in _clients():
        client.flushdb()
        client.set(MARK, 1)
