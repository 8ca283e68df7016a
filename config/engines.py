"""Which database, cache and task queue an instance runs on: what is embedded, or what three addresses name.

Errors name the variable and never repeat its value, which may hold a password.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import environment

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000; "
    "PRAGMA temp_store=MEMORY;"
)
#: A write waits so long for another one to end, on either database.
LOCK_TIMEOUT_S = 20
#: A process that hangs within a transaction holds its locks no longer.
IDLE_TRANSACTION_TIMEOUT_S = 300
CACHE_ENTRIES = 50_000
#: A Redis that is away costs a request so much, not the seconds that its client waits by default.
REDIS_CONNECT_TIMEOUT_S = 1
REDIS_TIMEOUT_S = 2
#: Longer than any task should take: a worker that hangs is freed.
TASK_TIMEOUT_S = 3600
KEEP_FAILED_S = 7 * 24 * 3600
#: Redis has queues instead of priorities: a worker looks into them in this order.
TASK_QUEUES = ("default", "low")


def database(folder: Path) -> dict[str, Any]:
    """The database of DATABASE_URL, else SQLite in the folder. Raises ImproperlyConfigured for a URL that is none."""
    default = f"sqlite:///{folder / 'outlay.sqlite3'}"
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(environment.text("DATABASE_URL", default)))
    except ValueError:  # the parser's own message repeats the URL, password and all
        raise ImproperlyConfigured("DATABASE_URL must be like postgres://user:password@host/name.") from None
    engine = str(found["ENGINE"])
    if engine.endswith("sqlite3"):
        return found | _sqlite()
    if engine.endswith("postgresql"):
        return found | _postgresql(found.get("OPTIONS", {}))
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL or SQLite database.")


def _sqlite() -> dict[str, Any]:
    # IMMEDIATE takes the write lock at BEGIN: deferred transactions that read before they write fail with
    # "database is locked" as soon as two of them meet.
    options = {"transaction_mode": "IMMEDIATE", "timeout": LOCK_TIMEOUT_S, "init_command": SQLITE_PRAGMAS}
    return {"OPTIONS": options, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}


def _postgresql(options: dict[str, Any]) -> dict[str, Any]:
    """Every thread keeps its connection: as quick as a pool, and as many of them as there are threads."""
    timeouts = {
        "lock_timeout": LOCK_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION_TIMEOUT_S,
        "statement_timeout": environment.number("OUTLAY_STATEMENT_TIMEOUT_S", 60),
    }
    ours = " ".join(f"-c {name}={seconds}s" for name, seconds in timeouts.items())
    theirs = options.get("options", "")
    merged = {"connect_timeout": 10} | options | {"options": f"{ours} {theirs}".strip()}
    return {"OPTIONS": merged, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


def cache() -> dict[str, Any]:
    """The cache of CACHE_URL, else a table of the database. Raises ImproperlyConfigured for a URL that is none."""
    url = _redis_url("CACHE_URL")
    if not url:
        options = {"MAX_ENTRIES": CACHE_ENTRIES}
        return {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache", "OPTIONS": options}
    return {"BACKEND": "config.caching.ForgivingRedisCache", "LOCATION": [url], "KEY_PREFIX": "outlay"}


def tasks() -> dict[str, Any]:
    """The task queue of TASKS_URL beside the one in the database, which alone is the default.

    Raises ImproperlyConfigured for a URL that is none.
    """
    embedded = {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}
    if not _redis_url("TASKS_URL"):
        return {"default": embedded}
    redis = {"BACKEND": "config.queueing.RedisBackend", "QUEUES": list(TASK_QUEUES)}
    return {"default": redis, "kept": embedded}


def task_queues() -> dict[str, Any]:
    """What django-rq must know of the queues; none without TASKS_URL."""
    url = _redis_url("TASKS_URL")
    # JSON, since whoever can write into Redis could have a pickle run anything.
    queue = {"URL": url, "SERIALIZER": "rq.serializers.JSONSerializer", "DEFAULT_TIMEOUT": TASK_TIMEOUT_S}
    return {name: dict(queue) for name in TASK_QUEUES} if url else {}


def _redis_url(name: str) -> str:
    url = environment.text(name, "")
    if url:
        from redis.connection import parse_url  # noqa: PLC0415 - the embedded engines need no Redis

        try:
            known = parse_url(url)  # type: ignore[no-untyped-call]
        except ValueError:
            known = {}
        if not known.get("host") and not known.get("path"):
            forms = "redis://:password@host:6379/0, rediss://… or unix:///run/redis.sock?db=0"
            raise ImproperlyConfigured(f"{name} must be like {forms}.")
    return url
