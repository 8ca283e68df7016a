"""Measure imports through the services, each against a bare insert of its finished rows into the same table.

    python -m benchmarks.importing [--rows 99000] [--distinct 10000] [--large 1000000]

The file has as many distinct descriptions as said; the ledger has 50 rules and no model. Measured is CPU time from the
uploaded bytes to committed, explained rows. The anchor is an `executemany` of these rows into the emptied table, with
its indexes, in the same run.
"""

import argparse
import csv
import io
import random
import resource
import statistics
import sys
import time
from datetime import date, timedelta

from benchmarks.instance import fresh_instance

ROUNDS, NEXT_ROWS = 3, 500
#: Rows of the import whose copies fill the large ledger.
COPIED_ROWS = 50_000
BOUND_FIRST, BOUND_AGAIN, BOUND_NEXT, BOUND_MB = 1.9, 0.3, 1.2, 200
#: CPU seconds of Actual's import of 10,000 rows with 50 rules, and how many times faster Outlay should be.
ACTUAL_S, ACTUAL_ROWS, BOUND_ACTUAL = 13.4, 10_000, 35
BRANDS = "REWE|EDEKA|ALDI SUED|LIDL|DM DROGERIE|SHELL|ARAL|STARBUCKS|IKEA|NETFLIX|SPOTIFY|H&M|ZARA|DECATHLON|OBI".split(
    "|"
)
WORDS = "Apotheke|Parkhaus|Bakery|Taxi|Restaurant|Friseur|Hotel|Zahnarzt|Blumen|Kino".split("|")
SYLLABLES = "ka lo mi ru ta ve zo pa ne si dor fel gan hul jor".split()


def descriptions(chance, n):
    """Return distinct texts as banks write them: brands, general words, and unknown names."""
    found = set()
    while len(found) < n:
        name = "".join(chance.choices(SYLLABLES, k=3)).upper()
        town = "".join(chance.choices(SYLLABLES, k=2)).title()
        front = chance.choice(
            [chance.choice(BRANDS), f"{name} {chance.choice(WORDS)}", name, f"word{chance.randrange(80)} {name}"]
        )
        found.add(f"{front} {town} {chance.randrange(10_000)}")
    return sorted(found)


def statement(n_rows, n_distinct, *, seed=42, first=date(2025, 1, 1), n_days=700):
    """Return a file of rows in the order of their days."""
    chance = random.Random(seed)
    texts = descriptions(chance, n_distinct)
    texts += chance.choices(texts, k=n_rows - n_distinct)
    chance.shuffle(texts)
    days = sorted(first + timedelta(days=chance.randrange(n_days)) for _ in texts)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow(["Date", "Description", "Amount", "Currency"])
    writer.writerows(
        [day, text, f"{chance.randrange(-20_000, -100) / 100:.2f}", "EUR"]
        for day, text in zip(days, texts, strict=True)
    )
    return file.getvalue().encode()


def new_owner(number):
    """Return a new user and an account, with 50 rules."""
    from accounts.services.users import register_user
    from benchmarks.posting import seed

    user = register_user(username=f"ana{number}", email=f"ana{number}@example.org", password="not-a-secret-1").user
    return user, seed(user)[0]


def import_s(user, account, data):
    """Return CPU seconds of an import, and its run."""
    from expenses.services.runs import perform_run
    from statements.services.imports import read_statement, receive_statement, start_commit

    started = time.process_time()
    upload = receive_statement(by=user, data=data, filename="year.csv", account=account)
    if upload.status == "reading":
        read_statement(statement=upload)
    run = start_commit(by=user, statement=upload)
    perform_run(run_id=run.pk)
    spent = time.process_time() - started
    run.refresh_from_db()
    assert run.status == "succeeded", run.error
    return spent, run


def revert_s(user, run):
    """Return CPU seconds of the revert of an import."""
    from expenses.services.reverts import revert_run

    started = time.process_time()
    revert_run(by=user, run=run)
    return time.process_time() - started


def bare_insert_s(run):
    """Return CPU seconds of a bare insert of the run's finished rows, which are deleted before."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM expenses_transaction WHERE run_id = %s ORDER BY id", [run.pk])
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO expenses_transaction ({', '.join(names)}) VALUES ({marks})"
        with transaction.atomic():
            cursor.execute("DELETE FROM expenses_transaction WHERE run_id = %s", [run.pk])
        started = time.process_time()
        with transaction.atomic():
            connection.connection.executemany(sql, rows)
        return time.process_time() - started


def peak_mb():
    """Return the peak of this process's resident memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(name, spent, of, bound, unit="x bare insert"):
    """Print a figure and its ratio; return True if it is beyond the bound."""
    ratio = spent / of
    print(f"{name:44s} {spent:8.2f} s CPU {ratio:6.2f} {unit}, bound {bound}")
    return ratio > bound


def grow(run, n_rows):
    """Copy the run's rows, with runs of their own, each time to the 700 days before, until the ledger has `n_rows`."""
    from django.db import connection, transaction

    from expenses.models import Run, Transaction

    names = [field.column for field in Transaction._meta.concrete_fields if not field.primary_key]
    part, known = 0, Transaction.objects.filter(run=run).count()
    own = {"date": "date(date, %s)", "fingerprint": "substr(fingerprint, 5) || %s", "run_id": "%s"}
    values = ", ".join(own.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=-1000000")  # or the copies would wait for the disk
    with transaction.atomic(), connection.cursor() as cursor:
        for first in range(known, n_rows, known):
            part += 1
            fields = {"subject": run.subject, "status": run.status, "total": run.total}
            copied = Run.objects.create(ledger_id=run.ledger_id, user_id=run.user_id, kind=run.kind, **fields)
            given = {"date": f"-{700 * part} days", "fingerprint": f"{part:04d}", "run_id": copied.pk}
            cursor.execute(
                f"INSERT INTO expenses_transaction ({', '.join(names)}) "
                f"SELECT {values} FROM expenses_transaction WHERE run_id = %s ORDER BY id LIMIT %s",
                [*(given[name] for name in names if name in given), run.pk, n_rows - first],
            )
    connection.close()


def next_rows(n_large, *, rounds):
    """Compare imports of the next 500 rows, by turns into a small and a large ledger; return True beyond the bound."""
    owners, spent = {}, {}
    for name, n_rows in {"small": ACTUAL_ROWS, "large": n_large}.items():
        user, account = owners[name] = new_owner(f"next{name}")
        n_copied = min(n_rows, COPIED_ROWS)
        run = import_s(user, account, statement(n_copied, min(3000, n_copied), seed=7))[1]
        grow(run, n_rows)
        spent[name] = []
    for number in range(2 * rounds + 1):
        few = statement(
            NEXT_ROWS, 400, seed=1000 + number, first=date(2027, 1, 1) + timedelta(days=30 * number), n_days=30
        )
        for name, (user, account) in owners.items():
            spent[name].append(import_s(user, account, few)[0])
    small, large = (statistics.median(times[1:]) for times in spent.values())
    print(f"{f'next {NEXT_ROWS} rows in {ACTUAL_ROWS}':44s} {small:8.3f} s CPU")
    return tell(f"next {NEXT_ROWS} rows in {n_large}", large, small, BOUND_NEXT, "x small ledger")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=99_000)
    parser.add_argument("--distinct", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=0, help="rows of a large ledger, 0 for none")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    broken = []
    with fresh_instance(OUTLAY_IMPORT_MAX_ROWS=str(max(options.rows, 200_000) + 1)):
        user, account = new_owner(0)
        import_s(user, account, statement(2000, 600))  # load what a process loads once
        data = statement(options.rows, options.distinct)
        before_mb = peak_mb()
        figures, grown_mb = [], 0.0
        for number in range(1, options.rounds + 1):
            user, account = new_owner(number)
            first, run = import_s(user, account, data)
            again, _ = import_s(user, account, data)
            grown_mb = grown_mb or peak_mb() - before_mb
            bare = bare_insert_s(run)
            figures.append((bare, first, again, revert_s(user, run)))
        bare, first, again, revert = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{options.rows} rows, {options.distinct} distinct texts, median of {options.rounds}\n")
        print(f"{'bare insert of the finished rows':44s} {bare:8.2f} s CPU")
        broken.append(tell("import, first time", first, bare, BOUND_FIRST))
        broken.append(tell("the same file again", again, first, BOUND_AGAIN, "x first time"))
        print(f"{'revert':44s} {revert:8.2f} s CPU {revert / bare:6.2f} x bare insert")
        print(f"{'growth of the peak of resident memory':44s} {grown_mb:8.1f} MB, bound {BOUND_MB}")
        broken.append(grown_mb > BOUND_MB)
        small = statement(ACTUAL_ROWS, 3000)
        times = []
        for number in range(options.rounds):
            user, account = new_owner(f"small{number}")
            times.append(import_s(user, account, small)[0])
        spent = statistics.median(times)
        title, speed = f"{ACTUAL_ROWS} rows, 3000 distinct texts", ACTUAL_S / spent
        print(f"{title:44s} {spent:8.2f} s CPU {speed:6.1f} x Actual's speed, bound {BOUND_ACTUAL}")
        broken.append(ACTUAL_S / spent < BOUND_ACTUAL)
        if options.large:
            broken.append(next_rows(options.large, rounds=options.rounds))
    return any(broken)


if __name__ == "__main__":
    sys.exit(main())
