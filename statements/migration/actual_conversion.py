"""The tables of a budget of Actual as plain rows. It runs in the child process: a stranger made the database."""

import contextlib
import re
import sqlite3
from collections import Counter
from typing import Any

from statements.delimited.encoding import storable
from statements.importer import UnreadableFile

_ROWS = """
    SELECT t.id, t.acct, t.amount, t.date, t.notes, t.imported_description AS text, t.isParent AS is_parent,
           t.isChild AS is_child, t.starting_balance_flag AS is_opening, t.transferred_id AS transferred,
           coalesce(m.transferId, t.category) AS category, coalesce(pm.targetId, t.description) AS payee{parent}
    FROM transactions t
    LEFT JOIN category_mapping m ON m.id = t.category
    LEFT JOIN payee_mapping pm ON pm.id = t.description
    WHERE t.tombstone = 0 AND t.acct IN (SELECT id FROM accounts WHERE tombstone = 0)
    ORDER BY t.date, t.sort_order, t.id
"""
#: Tables whose rows are left behind: the key of the sentence that says so, and which of them count.
_LEFT = {
    "rules": ("rules", "tombstone = 0"),
    "schedules": ("schedules", "tombstone = 0"),
    "zero_budgets": ("budgets", "amount <> 0"),
    "reflect_budgets": ("budgets", "amount <> 0"),
}
_NOT_DIGITS = re.compile(r"[^0-9-]")


def convert(data: bytes) -> dict[str, Any]:
    """Return `accounts` (id → name), `rows` in the order of days, and `losses`, what is left behind by its key.

    A row has its texts, the path of its category, and the name of the account on the other side of a transfer.
    """
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.row_factory = sqlite3.Row
            database.text_factory = lambda text: storable(text.decode(errors="replace"))
            database.deserialize(data)
            database.execute("PRAGMA trusted_schema = OFF")
            return _converted(database)
    except sqlite3.Error as error:
        detail = f"This is not a budget of Actual that can be read: {error}. Export it again."
        raise UnreadableFile("unreadable", detail) from None


def _converted(database: sqlite3.Connection) -> dict[str, Any]:
    accounts = _accounts(database)
    groups = dict(database.execute("SELECT id, trim(name) FROM category_groups").fetchall())
    paths = {
        pk: [name for name in (groups.get(group), name) if name]
        for pk, name, group in database.execute("SELECT id, trim(name), cat_group FROM categories")
    }
    payees = {
        pk: (name or "", accounts.get(transfer, ""))
        for pk, name, transfer in database.execute("SELECT id, trim(name), transfer_acct FROM payees")
    }
    columns = {row["name"] for row in database.execute("PRAGMA table_info(transactions)")}
    parent = ", t.parent_id AS parent" if "parent_id" in columns else ""
    rows = []
    for row in database.execute(_ROWS.format(parent=parent)):
        payee, other = payees.get(row["payee"], ("", ""))
        rows.append(
            {name: row[name] for name in ("id", "amount", "date", "is_parent", "is_child", "is_opening", "transferred")}
            | {name: str(row[name] or "") for name in ("notes", "text")}
            | {"account": accounts[row["acct"]], "category": paths.get(row["category"], []), "payee": payee}
            # Before it had a column of its own, the id of a part began with that of its row.
            | {"parent": row["parent"] if parent else str(row["id"]).partition("/")[0], "other": other}
        )
    return {"accounts": accounts, "rows": rows, "losses": _losses(database)}


def _accounts(database: sqlite3.Connection) -> dict[str, str]:
    """Return id → name. A name that several accounts have gets a number in all but the first of them."""
    accounts: dict[str, str] = {}
    n_named = Counter[str]()
    for pk, name in database.execute(
        "SELECT id, coalesce(trim(name), '') FROM accounts WHERE tombstone = 0 ORDER BY offbudget, name, id"
    ):
        n_named[name] += 1
        accounts[pk] = name if n_named[name] == 1 else f"{name} ({n_named[name]})"
    return accounts


def _losses(database: sqlite3.Connection) -> dict[str, int]:
    losses = Counter[str]()
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    losses["closed"] = _count(database, "accounts", "closed = 1 AND tombstone = 0")
    for table, (key, wanted) in _LEFT.items():
        if table in tables:
            losses[key] += _count(database, table, wanted)
    return losses


def _count(database: sqlite3.Connection, table: str, wanted: str) -> int:
    (n,) = database.execute(f"SELECT count(*) FROM {table} WHERE {wanted}").fetchone()  # noqa: S608 - of our own words
    return int(n)
