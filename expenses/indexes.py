"""The indexes that lists and searches walk, in the form that each database makes use of; no model can declare them.

SQLite reads the texts from the index of days itself, which is widened for that: a search that finds nothing has looked
at every row, but only at what it looks for. (Beside the narrow index the wide one would not be used: the planner holds
it for dearer.) PostgreSQL takes `deleted_at IS NULL` for no constant that days could be in order behind, so there it is
the index's condition; rare words it finds by their groups of three letters.
"""

import logging
from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE, NAME = "expenses_transaction", "transaction_search"
TRIGRAMS = f"CREATE INDEX IF NOT EXISTS {NAME} ON {TABLE} USING gin (search_text gin_trgm_ops) WHERE deleted_at IS NULL"
CREATE_EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
#: Vendor → how to ask for an index's definition, what tells that it is ours, and ours.
DAYS = {
    "sqlite": (
        "SELECT sql FROM sqlite_master WHERE name = %s",
        "search_text",
        f"CREATE INDEX transaction_date ON {TABLE} (ledger_id, deleted_at, date DESC, id DESC, search_text)",
    ),
    "postgresql": (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname = %s",
        "WHERE",
        f"CREATE INDEX transaction_date ON {TABLE} (ledger_id, date DESC, id DESC) WHERE deleted_at IS NULL",
    ),
}
MISSING = "This PostgreSQL does not let us have pg_trgm: a search for a rare word reads every transaction of its owner."
HINT = "As a superuser of the database, once: CREATE EXTENSION pg_trgm; then start Outlay again."

logger = logging.getLogger(__name__)


def ensure_indexes(connection: BaseDatabaseWrapper) -> None:
    """Give both their form unless they have it; where the database has no trigrams, say so and go on without."""
    asks, mark, create = DAYS[connection.vendor]
    now = _value(connection, asks, "transaction_date")
    if now is not None and mark not in now:
        with transaction.atomic(using=connection.alias):
            _execute(connection, "DROP INDEX transaction_date")
            _execute(connection, create)
    if connection.vendor != "postgresql" or not _is_missing(connection):
        return
    try:  # since PostgreSQL 13 the owner of the database may create it, if it is installed on the machine
        with transaction.atomic(using=connection.alias):
            _execute(connection, CREATE_EXTENSION)
    except DatabaseError:
        logger.warning("%s %s", MISSING, HINT)
        return
    _execute(connection, TRIGRAMS)


def check_search_index(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """W001: searches are slow. Runs with `migrate`, and with `check --database default`."""
    slow = [alias for alias in databases or () if _is_slow(connections[alias])]
    return [checks.Warning(MISSING, hint=HINT, obj=alias, id="expenses.W001") for alias in slow]


def _is_slow(connection: BaseDatabaseWrapper) -> bool:
    """False where nothing can be asked, which is said elsewhere."""
    try:
        return connection.vendor == "postgresql" and _is_missing(connection)
    except DatabaseError:
        return False


def _is_missing(connection: BaseDatabaseWrapper) -> bool:
    """The table is there, the index is not."""
    asks = "SELECT to_regclass(%s)"
    return bool(_value(connection, asks, TABLE)) and not _value(connection, asks, NAME)


def _value(connection: BaseDatabaseWrapper, sql: str, parameter: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])
        row = cursor.fetchone()
    return row and row[0]


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
