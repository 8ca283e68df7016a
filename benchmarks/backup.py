"""Measure backup and restore of a ledger of 100,000 rows, against the plainest way to copy its rows.

    python -m benchmarks.backup

The plain way reads the rows with `sqlite3`, writes them by `json.dumps`, reads them by `json.loads`, and inserts them
by `executemany` into the same table with all its indexes. Backup is `export/backup.json`. Restore is all that
`restore/` and its run do: checksums, every value checked twice, one transaction. All is CPU time on one database.
Bounds: 6 times the plain way. Memory is what backup
and restore add to a process of their own: 10 times as many rows may take at most 8 MB more.
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.exporting import added_mb
from benchmarks.instance import fresh_instance
from benchmarks.rows import fill

ROWS, ROUNDS = 100_000, 3
BOUND, MORE_MB = 6, 8


def timed(action):
    """Return the CPU seconds of a call, and its result."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


def copy_plainly(path, folder, *, source, ledger, account):
    """Copy all transactions into another ledger, and take them back outside the measured time."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=NORMAL")
    file = Path(folder, "plain.json")

    def copy():
        cursor = database.execute("SELECT * FROM expenses_transaction WHERE ledger_id = ?", [source])
        names = [column[0] for column in cursor.description]
        file.write_text(json.dumps(cursor.fetchall()))
        rows = json.loads(file.read_text())
        changes = {names.index("id"): None, names.index("ledger_id"): ledger, names.index("account_id"): account}
        for row in rows:
            for at, value in changes.items():
                row[at] = value
        marks = ", ".join("?" * len(names))
        database.execute("BEGIN IMMEDIATE")
        database.executemany(f"INSERT INTO expenses_transaction VALUES ({marks})", rows)
        database.execute("COMMIT")

    seconds, _ = timed(copy)
    database.execute("DELETE FROM expenses_transaction WHERE ledger_id = ?", [ledger])
    database.close()
    return seconds


def main():
    """Measure, print, and return the exit code."""
    with fresh_instance(), tempfile.TemporaryDirectory() as folder:
        from django.conf import settings
        from django.db import connections

        from accounts.models import User
        from config.backup.reading import check
        from config.backup.restoring import order_restore
        from config.backup.writing import write_document
        from expenses.models import Account, Run
        from expenses.models.ledgers import membership_of
        from expenses.services.delete_account import erase
        from expenses.services.runs import perform_run

        def person(name):
            user = User.objects.create_user(username=name, email=f"{name}@example.org")
            return user, membership_of(user).ledger

        def filled(name, n):
            _, ledger = person(name)
            account = Account.objects.create(ledger=ledger, name="Checking", currency="EUR", version=1)
            fill(ledger.pk, account, n=n)
            ledger.refresh_from_db()
            return ledger

        def restore(user, document):
            run = order_restore(by=user, source=document, head=check(document))
            perform_run(run_id=run.pk)
            assert Run.objects.get(pk=run.pk).status == "succeeded"

        memory = []
        for name, n in (("zoe", ROWS // 10), ("ana", ROWS)):
            ledger, (copier, _) = filled(name, n), person(f"copier-of-{name}")
            connections.close_all()
            memory.append(added_mb(lambda ledger=ledger, by=copier: restore(by, write_document(ledger))))
            erase(user=copier)
        backups, restores, plain = [], [], []
        for number in range(ROUNDS):
            seconds, document = timed(lambda: write_document(ledger))
            backups.append(seconds)
            user, _ = person(f"ben{number}")
            seconds, _ = timed(lambda user=user, document=document: restore(user, document))
            restores.append(seconds)
            erase(user=user)
            _, other = person(f"eva{number}")
            copied = Account.objects.create(ledger=other, name="Checking", currency="EUR", version=1)
            path = settings.DATABASES["default"]["NAME"]
            plain.append(copy_plainly(path, folder, source=ledger.pk, ledger=other.pk, account=copied.pk))
    backup, restored, raw = (statistics.median(one) for one in (backups, restores, plain))
    factor = (backup + restored) / raw
    print(f"{ROWS:,} rows: backup {backup:.1f} s, restore {restored:.1f} s, plain copy {raw:.1f} s of CPU")
    print(f"backup and restore are {factor:.1f} times the plain copy (bound {BOUND})")
    small, large = memory
    print(f"they add {small:.1f} MB at {ROWS // 10:,} rows, {large:.1f} MB at {ROWS:,} (bound: {MORE_MB} MB more)")
    return int(factor > BOUND or large - small > MORE_MB)


if __name__ == "__main__":
    sys.exit(main())
