"""Measure totals by month and category of 100,000 rows over HTTP, against raw SQL with the same index and TruncMonth.

    python -m benchmarks.totals [rows]

The product is called as a WSGI application in one process, with knox in front: server time, no network. Bound: 3 times
raw SQL for a whole ledger and for a year of it. Conversion is measured last, on rows in three currencies.
"""

import datetime as dt
import random
import sys

from django.db.models import F

from benchmarks.instance import caller, fresh_instance, medians

BOUND = 3.0
RAW = """
SELECT substr(date, 1, 7), category_id, SUM(amount), COUNT(*) FROM expenses_transaction
WHERE ledger_id = %s AND deleted_at IS NULL AND NOT is_split {period}
GROUP BY substr(date, 1, 7), category_id
"""
IN_2025 = "AND substr(date, 1, 7) >= '2025-01' AND substr(date, 1, 7) <= '2025-12'"


def fill(user, n):
    """Insert rows of two years, 400 merchants and all expense categories; one in twenty is a refund."""
    from expenses.models import Category, Transaction
    from expenses.models.ledgers import ledger_id_of
    from expenses.services.accounts import open_account

    chance, ledger_id = random.Random(42), ledger_id_of(user)
    accounts = [open_account(by=user, fields={"name": f"Account {i}", "currency": "EUR"}) for i in range(12)]
    categories = list(Category.objects.filter(kind="expense"))
    for start in range(0, n, 10_000):
        rows = []
        for _ in range(min(10_000, n - start)):
            is_refund = chance.random() < 0.05
            text = f"MERCHANT {chance.randrange(400)} CARD {chance.randrange(10_000):04d}"
            rows.append(Transaction(
                ledger_id=ledger_id, version=1, account=chance.choice(accounts), category=chance.choice(categories),
                kind="refund" if is_refund else "expense", direction="in" if is_refund else "out",
                amount=chance.randint(1, 999),
                currency="EUR", date=dt.date(2024, 12, 1) + dt.timedelta(chance.randrange(730)), description=text,
                raw_description=text, merchant=text[:12],
            ))  # fmt: skip
        Transaction.objects.bulk_create(rows, batch_size=500)
    return ledger_id


def spread_over_currencies(rows):
    """Change two thirds of the rows to dollars and francs."""
    for rest, currency in enumerate(("USD", "CHF"), start=1):
        rows.alias(rest=F("pk") % 3).filter(rest=rest).update(currency=currency)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application
        from django.db import connection
        from django.db.models import Count, Sum
        from django.db.models.functions import TruncMonth

        from accounts.services.users import register_user
        from expenses.models import Transaction

        signed_in = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
        ledger_id, application = fill(signed_in.user, n), get_wsgi_application()
        rows = Transaction.objects.filter(ledger_id=ledger_id, is_split=False).order_by()

        def raw(period):
            with connection.cursor() as cursor:
                return cursor.execute(RAW.format(period=period), [ledger_id]).fetchall()

        def truncated():
            months = rows.annotate(month=TruncMonth("date")).values("month", "category", "kind", "currency")
            return list(months.annotate(total=Sum("amount"), n=Count("pk")))

        def product(query):
            return caller(application, f"/api/v1/transactions/totals/?{query}", signed_in.token)

        anchors = {"raw SQL": lambda: raw(""), "raw SQL, one year": lambda: raw(IN_2025)}
        bounded = {"by=month,category": "raw SQL", "by=month,category&year=2025": "raw SQL, one year"}
        others = ["by=year", "by=kind", "by=month,account", "by=merchant", "by=month,category&month=2025-11"]
        found = medians(
            anchors | {"TruncMonth in the ORM": truncated} | {query: product(query) for query in [*bounded, *others]},
            rounds=5, n=3,
        )  # fmt: skip
        spread_over_currencies(rows)
        converted = [f"by={by}&convert_to=EUR" for by in ("month", "month,category", "merchant")]
        found |= medians({query: product(query) for query in converted}, rounds=5, n=1)
    worst = 0.0
    for name, ms in found.items():
        anchor = bounded.get(name, "raw SQL")
        print(f"{name:36s} {ms:8.2f} ms CPU   {ms / found[anchor]:6.2f} x {anchor}")
        worst = max(worst, ms / found[anchor] if name in bounded else 0)
    print(f"\nworst {worst:.2f} x, bound {BOUND} x: {'kept' if worst <= BOUND else 'BROKEN'}")
    return worst > BOUND


if __name__ == "__main__":
    sys.exit(main())
