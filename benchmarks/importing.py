"""Measure import and categorization of a statement of 10,000 rows, against a raw sqlite3.executemany.

    python -m benchmarks.importing

The statement has 3,000 distinct descriptions; the ledger has 50 rules and no model. Measured from the uploaded bytes to
the committed, explained rows. Bounds: 30 times the CPU time of the raw insert into a bare table with three indexes;
200 MB of resident memory.
"""

import csv
import io
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.instance import fresh_instance

ROWS, DISTINCT, RULES, ROUNDS = 10_000, 3_000, 50, 5
BOUND, BOUND_MB = 30, 200
BRANDS = "REWE|EDEKA|ALDI SUED|LIDL|DM DROGERIE|SHELL|ARAL|STARBUCKS|IKEA|NETFLIX|SPOTIFY|H&M|ZARA|DECATHLON|OBI".split(
    "|"
)
WORDS = "Apotheke|Parkhaus|Bakery|Taxi|Restaurant|Friseur|Hotel|Zahnarzt|Blumen|Kino".split("|")
SYLLABLES = "ka lo mi ru ta ve zo pa ne si dor fel gan hul jor".split()


def descriptions(chance):
    """Return distinct texts as banks write them: brands, general words, and unknown names."""
    found = set()
    while len(found) < DISTINCT:
        name = "".join(chance.choices(SYLLABLES, k=3)).upper()
        town = "".join(chance.choices(SYLLABLES, k=2)).title()
        front = chance.choice(
            [chance.choice(BRANDS), f"{name} {chance.choice(WORDS)}", name, f"word{chance.randrange(80)} {name}"]
        )
        found.add(f"{front} {town} {chance.randrange(10_000)}")
    return sorted(found)


def statement():
    """Return the file, and its rows as tuples for the raw insert."""
    chance = random.Random(42)
    texts = descriptions(chance)
    texts += chance.choices(texts, k=ROWS - DISTINCT)
    chance.shuffle(texts)
    days = sorted(date(2025, 1, 1) + timedelta(days=chance.randrange(700)) for _ in texts)
    rows = [(str(day), chance.randrange(-20_000, -100), text) for day, text in zip(days, texts, strict=True)]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow(["Date", "Description", "Amount", "Currency"])
    writer.writerows([day, text, f"{cents / 100:.2f}", "EUR"] for day, cents, text in rows)
    return file.getvalue().encode(), rows


def raw_insert_s(rows):
    """Return CPU seconds of the raw insert in one transaction, with a write-ahead log."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "raw.sqlite3")
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE txn (id INTEGER PRIMARY KEY, ledger INTEGER NOT NULL, account INTEGER NOT NULL,"
            " date TEXT NOT NULL, amount INTEGER NOT NULL, description TEXT NOT NULL, reference TEXT NOT NULL,"
            " category INTEGER);"
            "CREATE UNIQUE INDEX txn_ref ON txn (ledger, account, reference);"
            "CREATE INDEX txn_date ON txn (ledger, date DESC, id DESC);"
            "CREATE INDEX txn_cat ON txn (ledger, category, date);"
        )
        values = [(1, 1, day, cents, text, f"r{n}", None) for n, (day, cents, text) in enumerate(rows)]
        started = time.process_time()
        with database:
            database.executemany(
                "INSERT INTO txn (ledger, account, date, amount, description, reference, category)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # fmt: skip
        spent = time.process_time() - started
        database.close()
    return spent


def import_s(data, number):
    """Return CPU seconds of an import for a new user with an account and 50 rules, and the categorized rows."""
    from accounts.services.users import register_user
    from benchmarks.posting import seed
    from expenses.models import Transaction
    from expenses.services.runs import perform_run
    from statements.services.imports import read_statement, receive_statement, start_commit

    user = register_user(username=f"ana{number}", email=f"ana{number}@example.org", password="not-a-secret-1").user
    account, _ = seed(user)
    started = time.process_time()
    upload = receive_statement(by=user, data=data, filename="year.csv", account=account)
    if upload.status == "reading":
        read_statement(statement=upload)
    perform_run(run_id=start_commit(by=user, statement=upload).pk)
    spent = time.process_time() - started
    n = Transaction.objects.filter(account=account).count()
    categorized = Transaction.objects.filter(account=account, category__isnull=False).count()
    assert n == ROWS, n
    return spent, categorized


def main():
    data, rows = statement()
    with fresh_instance():
        pairs = []
        for number in range(ROUNDS):
            raw = raw_insert_s(rows)
            spent, categorized = import_s(data, number)
            pairs.append((raw, spent))
    raw, spent = (statistics.median(column) for column in zip(*pairs, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"raw executemany      {raw * 1000:8.1f} ms CPU")
    print(f"import, categorized  {spent * 1000:8.1f} ms CPU   {spent / raw:5.1f} x, bound {BOUND} x")
    print(f"peak resident        {peak:8.1f} MB, bound {BOUND_MB} MB")
    print(f"categorized          {categorized:8d} of {ROWS}")
    return spent / raw > BOUND or peak > BOUND_MB


if __name__ == "__main__":
    sys.exit(main())
