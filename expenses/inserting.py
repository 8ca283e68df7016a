"""Inserts many rows without making model objects: several times as fast as `bulk_create`, for statements and seeds.

Values are given as the database keeps them. Constraints of the database hold as ever; signals and defaults do not.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import connection, models

#: SQLite takes 32,766 parameters in one statement.
MAX_PARAMETERS = 20_000


def insert_ignoring_known(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert what violates no unique constraint; `columns` are names of columns, `rows` their values."""
    with connection.cursor() as cursor:
        for sql, values in _statements(model, columns, rows):
            cursor.execute(f"{sql} ON CONFLICT DO NOTHING", values)


def insert_returning_ids(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Insert all and give the new ids in the order of the rows."""
    ids: list[int] = []
    with connection.cursor() as cursor:
        for sql, values in _statements(model, columns, rows):
            cursor.execute(f"{sql} RETURNING id", values)
            ids.extend(row[0] for row in cursor.fetchall())
    return ids


def _statements(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    """Statements of many rows each, with their values."""
    quote = connection.ops.quote_name
    into = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"
    marks = f"({', '.join(['%s'] * len(columns))})"
    size = MAX_PARAMETERS // len(columns)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield f"{into} VALUES {', '.join([marks] * len(part))}", list(chain.from_iterable(part))
