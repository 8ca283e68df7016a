"""Databases beside the one of the tests, for instances whose processes are real."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests import redis_databases


def address_of(name: str) -> str:
    """The address of another database on the server of DATABASE_URL."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def new_database(folder: Path, *, like: str = "") -> Iterator[str]:
    """The address of one of the kind that the tests run on: empty, or a copy of another one.

    That of SQLite is a file in the folder, which is copied with it.
    """
    server_address = os.environ.get("DATABASE_URL", "")
    if not server_address.startswith(("postgres:", "postgresql:")):
        yield f"sqlite:///{folder}/outlay.sqlite3"
        return
    import psycopg  # noqa: PLC0415 - only where it is used

    name = f"outlay_{uuid.uuid4().hex}"
    template = f"TEMPLATE {urlsplit(like).path[1:]}" if like else ""
    with psycopg.connect(server_address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} {template}")
        try:
            yield address_of(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def new_instance(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of processes with an empty database, and with this test's Redis if there is one."""
    redis = {name: os.environ.get(name, "") for name in ("CACHE_URL", "TASKS_URL")}
    with new_database(folder) as address:
        yield os.environ | {
            "DATABASE_URL": address,
            "OUTLAY_DATA_DIR": str(folder),
            "OLLAMA_HOST": "off",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **{name: redis_databases.own(url) for name, url in redis.items() if url},
        }
