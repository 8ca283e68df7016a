"""A row shows its suggestion while it waits for the model; before, such a row was `pending`."""

from typing import Any

from django.db import migrations, models

from expenses.upgrades import stamp_rows


def show_suggestions(apps: Any, editor: Any) -> None:
    """Mark the rows that wait, and let those with a suggestion say so, to clients that keep a copy, too."""
    rows, ledgers = apps.get_model("expenses", "Transaction").objects, apps.get_model("expenses", "Ledger").objects
    rows.filter(review_status="pending").update(awaits_model=True)
    suggested = rows.filter(review_status="pending", suggested_category__isnull=False)
    stamp_rows(suggested, ledgers=ledgers)
    suggested.update(review_status="suggested")


class Migration(migrations.Migration):
    dependencies = [("expenses", "0022_thresholds_of_evidence")]

    operations = [
        migrations.AddField("transaction", "awaits_model", models.BooleanField(default=False)),
        migrations.RemoveIndex("transaction", "transaction_pending"),
        migrations.AddIndex(
            "transaction",
            models.Index(
                fields=["ledger", "id"],
                name="transaction_awaiting",
                condition=models.Q(awaits_model=True, category__isnull=True),
            ),
        ),
        migrations.RunPython(show_suggestions, migrations.RunPython.noop),
    ]
