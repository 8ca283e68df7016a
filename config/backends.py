"""The database, cache and task queue of an instance: embedded ones, or those that three URLs name.

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
#: The longest wait of a write for another one, on either database.
LOCK_TIMEOUT_S = 20
#: The longest wait of a request for a Redis that is away.
REDIS_CONNECT_TIMEOUT_S = 1
REDIS_TIMEOUT_S = 2
#: More than any task should take, so that a worker that hangs is freed.
TASK_TIMEOUT_S = 3600
KEEP_FAILED_S = 7 * 24 * 3600
#: Redis has queues instead of priorities. A worker empties them in this order.
TASK_QUEUES = ("default", "low")
#: The same for tasks that call the model, which have a lane of their own (`config.processes.lane`).
MODEL_QUEUES = ("model-retry", "model-first", "model", "model-low")


def database(folder: Path) -> dict[str, Any]:
    """Return the database of DATABASE_URL, else SQLite in the folder. Raises ImproperlyConfigured for a wrong URL."""
    default = f"sqlite:///{folder / 'outlay.sqlite3'}"
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(environment.text("DATABASE_URL", default)))
    except ValueError:  # the parser's own message repeats the URL, password and all
        raise ImproperlyConfigured("DATABASE_URL must be like postgres://user:password@host/name.") from None
    engine, given = str(found["ENGINE"]), found.get("OPTIONS", {})
    if engine.endswith("sqlite3"):
        # IMMEDIATE takes the write lock at BEGIN: deferred transactions that read before they write fail with
        # "database is locked" as soon as two of them meet.
        options = {"transaction_mode": "IMMEDIATE", "timeout": LOCK_TIMEOUT_S, "init_command": SQLITE_PRAGMAS}
    elif engine.endswith("postgresql"):
        timeouts = {
            "lock_timeout": LOCK_TIMEOUT_S,
            "idle_in_transaction_session_timeout": 300,  # a process that hangs holds its locks no longer
            "statement_timeout": environment.number("OUTLAY_STATEMENT_TIMEOUT_S", 60),
            # A machine that is gone holds its locks no longer, either.
            "tcp_keepalives_idle": 5,
            "tcp_keepalives_interval": 2,
            "tcp_user_timeout": 10,
        }
        ours = " ".join(f"-c {name}={seconds}s" for name, seconds in timeouts.items())
        options = {"connect_timeout": 10} | given | {"options": f"{ours} {given.get('options', '')}".strip()}
    else:
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL or SQLite database.")
    # Each thread keeps its connection: as quick as a pool, and there are as many as threads.
    return found | {"OPTIONS": options, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": engine.endswith("postgresql")}


def cache() -> dict[str, Any]:
    """Return the cache of CACHE_URL, else a table of the database. Raises ImproperlyConfigured for a wrong URL."""
    url = _redis_url("CACHE_URL")
    if not url:
        options = {"MAX_ENTRIES": 50_000}
        return {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache", "OPTIONS": options}
    return {"BACKEND": "config.redis.cache.ForgivingRedisCache", "LOCATION": [url], "KEY_PREFIX": "outlay"}


def tasks() -> dict[str, Any]:
    """Return the task queue of TASKS_URL and the one in the database, or the latter alone.

    Raises ImproperlyConfigured for a wrong URL.
    """
    embedded = {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "model"]}
    if not _redis_url("TASKS_URL"):
        return {"default": embedded}
    redis = {"BACKEND": "config.redis.tasks.RedisBackend", "QUEUES": [*TASK_QUEUES, *MODEL_QUEUES]}
    return {"default": redis, "kept": embedded}


def task_queues() -> dict[str, Any]:
    """Return the settings of django-rq, which are empty without TASKS_URL."""
    url = _redis_url("TASKS_URL")
    # JSON, since a pickle in Redis could run any code.
    queue = {"URL": url, "SERIALIZER": "rq.serializers.JSONSerializer", "DEFAULT_TIMEOUT": TASK_TIMEOUT_S}
    return {name: dict(queue) for name in (*TASK_QUEUES, *MODEL_QUEUES)} if url else {}


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
