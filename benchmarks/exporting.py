"""Measure exports of 10,000 and 100,000 rows over HTTP, against Python's csv writer on the same table.

    python -m benchmarks.exporting [rows]

The product is called as a WSGI application in one process, with knox in front: server time, no network. The anchor
reads the stored columns of the file by `sqlite3`, in the order of the list, and hands the tuples to `csv.writer`. Bound
of CSV: 3 times the anchor. Memory is what one export adds to a process of its own: 10 times as many rows may take at
most 8 MB more. Excel writes its rows to temporary files, and is sent when it is complete.
"""

import csv
import io
import os
import resource
import sqlite3
import sys
from contextlib import closing
from functools import partial

from benchmarks.instance import caller, fresh_instance, medians
from benchmarks.totals import fill

BOUND, MORE_MB = 3.0, 8.0
COLUMNS = (
    "id, date, kind, direction, amount, currency, account_id, category_id, merchant, description, raw_description, "
    "notes, payment_method, iban, mcc, external_id, transfer_id, parent_id, review, is_excluded_from_budget"
)
ROWS = (
    f"SELECT {COLUMNS} FROM expenses_transaction WHERE ledger_id = ? AND deleted_at IS NULL AND NOT is_split "
    "ORDER BY date DESC, id DESC"
)
FILES = [f"transactions.{name}" for name in ("csv", "jsonl", "ofx", "ledger", "beancount", "xlsx")]


def write_raw(path, ledger_id):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(ROWS, [ledger_id]).fetchall()
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def added_mb(action):
    """Return the megabytes that an action adds to the most that a child process holds."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        action()
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writing, str(added / 1024).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return float(answer.read())


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with fresh_instance(OUTLAY_RATE_EXPORT="100000/hour"):
        from django.core.wsgi import get_wsgi_application
        from django.db import connection, connections

        from accounts.services.users import register_user

        application, path = get_wsgi_application(), str(connection.settings_dict["NAME"])
        memory = []
        for name, size in (("ben", n // 10), ("ana", n)):
            signed_in = register_user(username=name, email=f"{name}@example.org", password="not-a-secret-1")
            ledger_id = fill(signed_in.user, size)
            actions = {one: caller(application, f"/api/v1/export/{one}", signed_in.token, keeps=False) for one in FILES}
            actions["csv.writer"] = partial(write_raw, path, ledger_id)
            actions["transactions.csv"]()  # loads what every export needs, before memory is compared
            connections.close_all()
            memory.append({one: added_mb(action) for one, action in actions.items()})
        found = medians(actions, rounds=3, n=1)
    small, large = memory
    print(f"{n:,} rows               ms CPU   x csv.writer   MB added, {n // 10:,} rows   {n:,} rows")
    for name, ms in found.items():
        print(f"{name:24s} {ms:8.0f} {ms / found['csv.writer']:10.2f} {small[name]:20.1f} {large[name]:15.1f}")
    ratio, more = found["transactions.csv"] / found["csv.writer"], large["transactions.csv"] - small["transactions.csv"]
    is_kept = ratio <= BOUND and more <= MORE_MB
    kept = "kept" if is_kept else "BROKEN"
    print(f"\nCSV {ratio:.2f} x, bound {BOUND} x; {more:.1f} MB more, bound {MORE_MB} MB: {kept}")
    return not is_kept


if __name__ == "__main__":
    sys.exit(main())
