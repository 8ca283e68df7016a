"""A measurement of the links keeps the ledger's version whose rows it read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0020_recorded_by")]

    operations = [migrations.AddField("trackrecord", "measured_version", models.BigIntegerField(null=True))]
