"""Measure backup and restore of a ledger of 100,000 rows, against the plainest way to copy its rows.

    python -m benchmarks.backup

The plain way reads the rows with `sqlite3`, writes them by `json.dumps`, reads them by `json.loads`, and inserts them
by `executemany` into the same table with all its indexes. Backup is `export/backup.json`. Restore is all that
`restore/` and its run do: checksums, every value checked twice, one transaction. All is CPU time on one database.
Bounds: 6 times the plain way; 64 MB more memory than before, at any number of rows.
"""

import json
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.instance import fresh_instance
from benchmarks.rows import fill

ROWS, ROUNDS = 100_000, 3
BOUND, BOUND_MB = 6, 64


def timed(action):
    """Return the CPU seconds of a call, and its result."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def copy_plainly(path, folder, *, ledger, account):
    """Copy all transactions into another ledger, and take them back outside the measured time."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=NORMAL")
    file = Path(folder, "plain.json")

    def copy():
        cursor = database.execute("SELECT * FROM expenses_transaction")
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

        _, ledger = person("ana")
        account = Account.objects.create(ledger=ledger, name="Checking", currency="EUR", version=1)
        fill(ledger.pk, account, n=ROWS)
        before = peak_mb()

        def restore(user, document):
            run = order_restore(by=user, source=document, head=check(document))
            perform_run(run_id=run.pk)
            assert Run.objects.get(pk=run.pk).status == "succeeded"

        backups, restores, plain = [], [], []
        for number in range(ROUNDS):
            ledger.refresh_from_db()
            seconds, document = timed(lambda: write_document(ledger))
            backups.append(seconds)
            user, _ = person(f"ben{number}")
            seconds, _ = timed(lambda user=user, document=document: restore(user, document))
            restores.append(seconds)
            if not number:
                grown = peak_mb() - before
            erase(user=user)
            _, other = person(f"eva{number}")
            copied = Account.objects.create(ledger=other, name="Checking", currency="EUR", version=1)
            path = settings.DATABASES["default"]["NAME"]
            plain.append(copy_plainly(path, folder, ledger=other.pk, account=copied.pk))
    backup, restored, raw = (statistics.median(one) for one in (backups, restores, plain))
    factor = (backup + restored) / raw
    print(f"{ROWS:,} rows: backup {backup:.1f} s, restore {restored:.1f} s, plain copy {raw:.1f} s of CPU")
    print(f"backup and restore are {factor:.1f} times the plain copy (bound {BOUND})")
    print(f"they took {grown:.0f} MB beyond what inserting the rows took (bound {BOUND_MB})")
    return int(factor > BOUND or grown > BOUND_MB)


if __name__ == "__main__":
    sys.exit(main())
