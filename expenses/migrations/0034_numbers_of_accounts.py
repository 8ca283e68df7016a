"""Accounts have an IBAN and the bank's own number, by which statements find them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0033_hints")]

    operations = [
        migrations.AddField("account", "iban", models.CharField(blank=True, default="", max_length=34)),
        migrations.AddField("account", "number", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(
                condition=models.Q(("iban", ""), _negated=True),
                fields=("ledger", "iban", "currency"),
                name="account_iban_unique",
            ),
        ),
    ]
