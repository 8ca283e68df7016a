"""Measure what each index of transactions adds to a bare insert of imported rows into SQLite.

    python -m benchmarks.indexes [--rows 99000] [--distinct 10000] [--rounds 5]

The rows of one import are inserted again and again into the emptied table. For each index, one after the other, it has
no index, all of them, this one alone, and all but this one. Printed are medians of the differences, in CPU seconds.
"""

import argparse
import statistics
import time
from contextlib import closing

from benchmarks.importing import import_s, new_owner, statement
from benchmarks.instance import fresh_instance

TABLE = "expenses_transaction"
UNIQUE = 'CONSTRAINT "transaction_fingerprint_unique" UNIQUE ("account_id", "fingerprint")'
#: The constraint's index under a name of its own, so that it can be dropped.
OWN_INDEX = f'CREATE UNIQUE INDEX "transaction_fingerprint_unique" ON "{TABLE}" ("account_id", "fingerprint")'


def split_schema(database):
    """Take the constraint out of the emptied table's definition. Return index → its statement, the constraint's too."""
    known = dict(
        database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [TABLE]
        )
    )
    ((table,),) = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [TABLE])
    assert f", {UNIQUE}" in table, table
    database.execute("PRAGMA legacy_alter_table = ON")
    database.execute(f"DROP TABLE {TABLE}")
    database.execute(table.replace(f", {UNIQUE}", ""))
    return known | {"transaction_fingerprint_unique": OWN_INDEX}


def insert_s(database, rows, statements):
    """Return CPU seconds of a bare insert into the emptied table with these indexes."""
    names = [name for (name,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [TABLE]
    )]  # fmt: skip
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute(f"DELETE FROM {TABLE}")
    for name in names:
        database.execute(f'DROP INDEX "{name}"')
    for one in statements:
        database.execute(one)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("PRAGMA foreign_keys = ON")
    marks = ", ".join("?" * len(rows[0]))
    started = time.process_time()
    database.execute("BEGIN IMMEDIATE")
    database.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)
    database.execute("COMMIT")
    return time.process_time() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=99_000)
    parser.add_argument("--distinct", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with fresh_instance(OUTLAY_IMPORT_MAX_ROWS=str(max(options.rows, 200_000) + 1)):
        import sqlite3

        from django.db import connection

        from config.backends import SQLITE_PRAGMAS

        user, account = new_owner(0)
        _, run = import_s(user, account, statement(options.rows, options.distinct))
        path = connection.settings_dict["NAME"]
        connection.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(SQLITE_PRAGMAS)
            rows = database.execute(f"SELECT * FROM {TABLE} WHERE run_id = ? ORDER BY id", [run.pk]).fetchall()
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute(f"DELETE FROM {TABLE}")
            known = split_schema(database)
            every = list(known.values())
            added, saved, costs = {name: [] for name in known}, {name: [] for name in known}, {"all": [], "none": []}
            for _ in range(options.rounds):
                for name, sql in known.items():
                    bare, full = insert_s(database, rows, []), insert_s(database, rows, every)
                    added[name].append(insert_s(database, rows, [sql]) - bare)
                    saved[name].append(full - insert_s(database, rows, [one for one in every if one != sql]))
                    costs["none"].append(bare)
                    costs["all"].append(full)
    full, bare = (statistics.median(costs[name]) for name in ("all", "none"))
    print(f"{len(rows)} rows: {full:.2f} s CPU with {len(known)} indexes, {bare:.2f} s without\n")
    print(f"{'index':48s} {'adds to none':>14s} {'saved without it':>18s}")
    for name in sorted(known, key=lambda name: statistics.median(added[name]), reverse=True):
        print(f"{name:48s} {statistics.median(added[name]):12.3f} s {statistics.median(saved[name]):16.3f} s")


if __name__ == "__main__":
    main()
