"""Saves what changed of many rows: the columns that differ, in one statement for all rows with the same ones."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection

from expenses.models import Transaction

FIELDS: dict[str, Any] = {field.attname: field for field in Transaction._meta.concrete_fields}
Values = dict[str, Any]


def values_of(row: Transaction) -> Values:
    """Every column's value as the row has it."""
    return {name: getattr(row, name) for name in FIELDS}


def save_differences(rows: Sequence[tuple[Transaction, Values]]) -> None:
    """Write what differs from the values that each row had. The caller holds the ledger's lock."""
    groups: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    for row, before in rows:
        names = tuple(name for name, value in before.items() if getattr(row, name) != value)
        values = [FIELDS[name].get_db_prep_save(getattr(row, name), connection) for name in names]
        groups[names].append([*values, row.pk])
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for names, parameters in groups.items():
            sets = ", ".join(f"{quote(FIELDS[name].column)} = %s" for name in names)
            sql = f"UPDATE {quote(Transaction._meta.db_table)} SET {sets} WHERE id = %s"  # noqa: S608 - our columns
            cursor.executemany(sql, parameters)
