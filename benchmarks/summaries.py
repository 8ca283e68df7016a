"""Measure summaries of a month and a year of 100,000 rows over HTTP, against bare SQL on the same ledger.

    python -m benchmarks.summaries [rows]

The product is called as a WSGI application in one process, with knox in front: server time, no network. A summary holds
several lists, each a GROUP BY of its own. The anchor reads all of them in bare SQL from a copy of the table whose only
index is by month. Bound: 3 times the anchor, goal 1.5 times. Two more anchors are shown. One uses the product's
index; the other is the GROUP BY category alone, which is faster than signing in.
"""

import random
import sys

from benchmarks.instance import caller, fresh_instance, medians
from benchmarks.totals import fill

BOUND, GOAL = 3.0, 1.5
#: A fifth of the rows have one of so many tags, a third names no merchant, one in a hundred is left out of budgets.
N_TAGS = 20
#: The period, and the one before it.
PERIODS = {"month": ("2025-11", "2025-11", "2025-10", "2025-10"), "year": ("2025-01", "2025-12", "2024-01", "2024-12")}
QUERIES = {"month": "period=month&date=2025-11", "year": "period=year&date=2025"}
COPY = [
    "CREATE TABLE plain_rows AS SELECT * FROM expenses_transaction",
    "CREATE INDEX month_of_rows ON plain_rows (ledger_id, substr(date, 1, 7))",
]
WITHIN = "ledger_id = %s AND deleted_at IS NULL AND NOT is_split AND substr(date, 1, 7) BETWEEN %s AND %s"
BY_CATEGORY = f"SELECT category_id, kind, SUM(amount), COUNT(*) FROM {{rows}} WHERE {WITHIN} GROUP BY category_id, kind"
COUNTED = f"{WITHIN} AND kind <> 'transfer' AND NOT is_excluded_from_budget"
ALL_BY_CATEGORY = (
    f"SELECT category_id, kind, is_excluded_from_budget, SUM(amount), COUNT(*) FROM {{rows}} WHERE {WITHIN} "
    "GROUP BY category_id, kind, is_excluded_from_budget"
)
BY_ACCOUNT = f"SELECT account_id, kind, SUM(amount), COUNT(*) FROM {{rows}} WHERE {COUNTED} GROUP BY account_id, kind"
BY_MERCHANT = (
    f"SELECT COALESCE(NULLIF(merchant, ''), match_text), kind, SUM(amount), COUNT(*), MIN(description) FROM {{rows}} "
    f"WHERE {COUNTED} GROUP BY 1, kind"
)
BY_TAG = (
    f"SELECT tag_id, kind, SUM(amount), COUNT(*) FROM {{rows}} LEFT JOIN expenses_transaction_tags AS tagged "
    f"ON tagged.transaction_id = t.id WHERE {COUNTED} GROUP BY tag_id, kind"
)
LISTS = [ALL_BY_CATEGORY, BY_ACCOUNT, BY_MERCHANT, BY_TAG]
BEFORE = f"SELECT kind, SUM(amount), COUNT(*) FROM {{rows}} WHERE {COUNTED} GROUP BY kind"
MONTHLY = f"SELECT substr(date, 1, 7), kind, SUM(amount), COUNT(*) FROM {{rows}} WHERE {COUNTED} GROUP BY 1, 2"
PLAIN, OURS = "plain_rows AS t INDEXED BY month_of_rows", "expenses_transaction AS t INDEXED BY transaction_totals"


def add_tags_and_exclusions(ledger_id):
    from django.db.models.functions import Lower

    from expenses.models import Tag, Transaction

    chance, tagging = random.Random(7), Transaction.tags.through
    tags = [Tag.objects.create(ledger_id=ledger_id, name=f"Tag {n}", version=1) for n in range(N_TAGS)]
    ids = list(Transaction.objects.values_list("pk", flat=True))
    tagged = [tagging(transaction_id=pk, tag=chance.choice(tags)) for pk in ids if chance.random() < 0.2]
    tagging.objects.bulk_create(tagged, batch_size=400)
    Transaction.objects.filter(pk__in=range(ids[0], ids[-1], 100)).update(is_excluded_from_budget=True)
    unnamed = Transaction.objects.filter(pk__in=range(ids[0], ids[-1], 3))
    unnamed.update(match_text=Lower("merchant"), merchant="")


def bare(connection, ledger_id, unit, *, rows):
    """Return a function that reads all lists of the summary."""
    first, last, first_before, last_before = PERIODS[unit]
    asked = [(text, (first, last)) for text in [*LISTS, *([MONTHLY] if unit == "year" else [])]]
    asked.append((BEFORE, (first_before, last_before)))

    def ask():
        with connection.cursor() as cursor:
            for text, months in asked:
                cursor.execute(text.replace("{rows}", rows), [ledger_id, *months])
                cursor.fetchall()

    return ask


def bare_categories(connection, ledger_id, unit, *, rows):
    """Return a function that reads the totals by category alone."""

    def ask():
        with connection.cursor() as cursor:
            cursor.execute(BY_CATEGORY.replace("{rows}", rows), [ledger_id, *PERIODS[unit][:2]])
            cursor.fetchall()

    return ask


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application
        from django.db import connection

        from accounts.services.users import register_user
        from config.processes.preload import preload

        signed_in = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
        ledger_id, application = fill(signed_in.user, n), get_wsgi_application()
        add_tags_and_exclusions(ledger_id)
        with connection.cursor() as cursor:
            for statement in COPY:
                cursor.execute(statement)
        actions = {}
        for unit, query in QUERIES.items():
            actions[f"{unit}: one list, our index"] = bare_categories(connection, ledger_id, unit, rows=OURS)
            actions[f"{unit}: one list, month index"] = bare_categories(connection, ledger_id, unit, rows=PLAIN)
            actions[f"{unit}: all lists, our index"] = bare(connection, ledger_id, unit, rows=OURS)
            actions[f"{unit}: all lists, month index"] = bare(connection, ledger_id, unit, rows=PLAIN)
            actions[f"{unit}: product"] = caller(application, f"/api/v1/insights/summary/?{query}", signed_in.token)
        preload()
        found = medians(actions, rounds=7, n=3)
    return report(found)


def report(found):
    """Print the table; return True if the bound is broken."""
    worst = 0.0
    for unit in QUERIES:
        product = found[f"{unit}: product"]
        for name, ms in found.items():
            if name.startswith(unit):
                print(f"{name:32s} {ms:8.2f} ms CPU   the product takes {product / ms:6.2f} x")
        worst = max(worst, product / found[f"{unit}: all lists, month index"])
    kept = "goal kept" if worst <= GOAL else "bound kept" if worst <= BOUND else "BROKEN"
    print(f"\nworst {worst:.2f} x all lists by a month index, bound {BOUND} x, goal {GOAL} x: {kept}")
    return worst > BOUND


if __name__ == "__main__":
    sys.exit(main())
