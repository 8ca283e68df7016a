"""The texts of confirmed rows in a table of their own, which is read only to find names in damaged text."""

import django.db.models.deletion
from django.db import migrations, models

COPY = """
    INSERT INTO expenses_confirmedtexts (ledger_id, digest, texts)
    SELECT ledger_id, names_digest, names FROM expenses_trackrecord WHERE names_digest <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("expenses", "0028_asking_since")]

    operations = [
        migrations.CreateModel(
            "ConfirmedTexts",
            [
                (
                    "ledger",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="expenses.ledger",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("texts", models.JSONField()),
            ],
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.RemoveField("trackrecord", "names"),
        migrations.RemoveField("trackrecord", "names_digest"),
    ]
