"""Quick insertion of a large ledger."""

import datetime as dt

WORDS = ("REWE", "EDEKA", "CAFE LUNA", "SHELL STATION", "BAHN TICKET", "ALLIANZ", "APOTHEKE AM MARKT", "IKEA", "KINO")


def fill(ledger_id, account, *, n, last=dt.date(2026, 11, 20), days=730):
    """Insert `n` confirmed expenses, spread over the days before `last` and over some categories."""
    from django.db import connection
    from django.utils import timezone

    from expenses.models import Category, Ledger, Transaction
    from expenses.models.bulk_insert import insert_ignoring_known

    categories = list(Category.objects.filter(ledger=None, kind="expense").values_list("pk", flat=True))
    columns = [str(field.column) for field in Transaction._meta.concrete_fields if not field.primary_key]
    defaults = {field.column: field.get_default() for field in Transaction._meta.concrete_fields}
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    common = defaults | {
        "ledger_id": ledger_id, "account_id": account.pk, "kind": "expense", "direction": "out", "currency": "EUR",
        "review_status": "confirmed", "category_source": "user", "held": "[]", "created_at": now, "updated_at": now,
    }  # fmt: skip
    start = Ledger.objects.get(pk=ledger_id).version

    def row(i):
        text = f"{WORDS[i % len(WORDS)]} {i * 7919 % n} BERLIN"
        return common | {
            "date": connection.ops.adapt_datefield_value(last - dt.timedelta(days=i * days // n)),
            "amount": (100 + i * 37 % 20_000) * 100, "category_id": categories[i % len(categories)],
            "raw_description": text, "description": text, "search_text": text.casefold(),
            "match_text": text.casefold()[:200], "match_prefix": text.casefold()[:4], "version": start + 1 + i // 1000,
        }  # fmt: skip

    for first in range(0, n, 10_000):
        rows = (row(i) for i in range(first, min(first + 10_000, n)))
        insert_ignoring_known(Transaction, columns, [[values[column] for column in columns] for values in rows])
    Ledger.objects.filter(pk=ledger_id).update(version=start + 1 + n // 1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
