"""Measure searches in a million transactions of one user.

    python -m benchmarks.search [URL of an empty database [rows]]

Every search asks for page 1 by cursor, and for page 1 by number with its count. Its median must stay under 0.3 s of
wall-clock time. The first request counts the rows; its time is printed, too.
"""

import statistics
import sys
import time

from benchmarks.instance import fresh_instance

ROWS, ROUNDS, BOUND_S = 1_000_000, 5, 0.3
RARE = 10  # rows with the rare words, spread over all days
SEARCHES = {
    "every row: berlin": {"search": "berlin"},
    "a ninth of the rows: luna": {"search": "luna"},
    "ten rows: zanzibar": {"search": "zanzibar"},
    "one row, the oldest: methuselah": {"search": "methuselah"},
    "no row: qqxv": {"search": "qqxv"},
    "two letters, no row: qx": {"search": "qx"},
    "two words: luna berlin": {"search": "luna berlin"},
    "two words, never together: luna shell": {"search": "luna shell"},
    "common and rare: berlin zanzibar": {"search": "berlin zanzibar"},
    "beyond ASCII: ÄPFEL": {"search": "ÄPFEL"},
    "a sign of LIKE: 100%": {"search": "100%"},
    "in a month: luna": {"search": "luna", "month": "2026-03"},
    "in a category: luna": {"search": "luna", "category": "Dining"},
    "in a category, no row: qqxv": {"search": "qqxv", "category": "Dining"},
    "over an amount: luna": {"search": "luna", "min_amount": "200"},
    "by amount: zanzibar": {"search": "zanzibar", "ordering": "-amount"},
}  # fmt: skip


def seed(n):
    """Return a signed-in client, after inserting its user's rows."""
    from rest_framework.test import APIClient

    from accounts.services.users import register_user
    from benchmarks.rows import fill
    from expenses.models import Account, Transaction

    user = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {user.token}", HTTP_HOST="127.0.0.1")
    client.post("/api/v1/accounts/", {"name": "Checking"}, format="json")
    account = Account.objects.get()
    fill(account.ledger_id, account, n=n)
    ids = list(Transaction.objects.order_by("id").values_list("pk", flat=True)[:: n // RARE])
    rare = Transaction.objects.filter(pk__in=ids)
    rare.update(search_text="zanzibar ferry berlin äpfel 100%")
    oldest = Transaction.objects.order_by("date", "id").values_list("pk", flat=True).first()
    Transaction.objects.filter(pk=oldest).update(search_text="methuselah")
    return client


def measure(client, query):
    """Return median wall and CPU seconds of one page, those of the first request, and the number of rows."""
    taken = []
    for _ in range(ROUNDS):
        started, began = time.perf_counter(), time.process_time()
        answer = client.get("/api/v1/transactions/", query)
        taken.append((time.perf_counter() - started, time.process_time() - began))
        assert answer.status_code == 200, answer.content
    wall, cpu = (statistics.median(column) for column in zip(*taken, strict=True))
    return wall, cpu, taken[0][0], len(answer.json()["results"])


def main(url="", rows=ROWS):
    environment = {"DATABASE_URL": url} if url else {}
    with fresh_instance(**environment):
        started = time.perf_counter()
        client = seed(int(rows))
        from django.db import connection

        print(f"{connection.vendor}, {rows} rows inserted in {time.perf_counter() - started:.0f} s")
        print(f"{'':40s}  by cursor: wall, CPU, rows      with count: wall, the first time")
        worst = 0.0
        for name, query in SEARCHES.items():
            wall, cpu, _, n = measure(client, query | {"cursor": ""})
            counted, _, first, _ = measure(client, query)
            worst = max(worst, wall, counted)
            print(f"{name:40s} {wall:8.3f} s {cpu:8.3f} s {n:5d} {counted:12.3f} s {first:8.3f} s", flush=True)
    print(f"\nworst {worst:.3f} s, bound {BOUND_S} s: {'kept' if worst <= BOUND_S else 'BROKEN'}")
    return worst > BOUND_S


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
