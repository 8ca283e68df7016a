"""Rows keep the member who recorded them, unless that is the ledger's founder."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("expenses", "0019_more_in_changes")]

    operations = [
        migrations.AddField(
            "transaction",
            "recorded_by",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                django.db.models.deletion.SET_NULL,
                null=True,
                related_name="+",
                db_index=False,
            ),
        ),
        migrations.AddIndex(
            "transaction",
            models.Index(
                fields=["recorded_by"],
                name="transaction_recorded_by",
                condition=models.Q(recorded_by__isnull=False),
            ),
        ),
    ]
