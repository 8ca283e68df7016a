"""What a ledger keeps of a category beside hiding it: keywords."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0024_experience")]

    operations = [
        migrations.RemoveConstraint("hiding", "hiding_unique"),
        migrations.RenameModel("Hiding", "LedgerCategory"),
        migrations.AlterField(
            "ledgercategory",
            "category",
            models.ForeignKey(on_delete=models.CASCADE, related_name="in_ledgers", to="expenses.category"),
        ),
        migrations.AlterField("ledgercategory", "is_hidden", models.BooleanField(default=False)),
        migrations.AddField("ledgercategory", "keywords", models.JSONField(default=list)),
        migrations.AddConstraint(
            "ledgercategory", models.UniqueConstraint(fields=["ledger", "category"], name="ledger_category_unique")
        ),
    ]
