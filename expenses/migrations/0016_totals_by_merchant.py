"""The index of totals also has what budgets leave out, and the merchant."""

import django.db.models as models
from django.db import migrations

from expenses.ledger.dates import Month


class Migration(migrations.Migration):
    dependencies = [("expenses", "0015_backtests")]

    operations = [
        migrations.RemoveIndex(model_name="transaction", name="transaction_totals"),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                models.F("ledger"),
                Month("date"),
                models.F("category"),
                models.F("currency"),
                models.F("kind"),
                models.F("direction"),
                models.F("account"),
                models.F("is_excluded_from_budget"),
                models.F("amount"),
                models.F("date"),
                models.F("merchant"),
                name="transaction_totals",
                condition=models.Q(deleted_at__isnull=True, is_split=False),
            ),
        ),
    ]
