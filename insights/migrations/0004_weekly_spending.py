"""Keep weekly spending and its decomposition."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0003_rates_used")]

    operations = [
        migrations.CreateModel(
            "WeeklySpending",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("first", models.DateField()),
                ("n_weeks", models.PositiveIntegerField()),
                ("period_weeks", models.PositiveSmallIntegerField(null=True)),
                ("weight", models.FloatField(null=True)),
                ("figures", models.JSONField(default=dict)),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="expenses.category",
                    ),
                ),
                (
                    "ledger",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="expenses.ledger",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "weekly spending",
                "constraints": [
                    models.UniqueConstraint(fields=["ledger", "subject"], name="weekly_spending_unique")
                ],
            },
        ),
    ]
