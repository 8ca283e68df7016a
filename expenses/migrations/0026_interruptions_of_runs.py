"""A run counts how often its worker was stopped, so that it does not kill workers without end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0025_keywords")]

    operations = [migrations.AddField("run", "n_interruptions", models.PositiveSmallIntegerField(default=0))]
