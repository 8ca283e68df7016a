"""Thresholds hold for a kind of evidence; decisions and backtests tell what their answers rest on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0021_version_of_measures")]

    operations = [
        migrations.AddField("trackrecord", "evidence_thresholds", models.JSONField(default=dict)),
        migrations.AddField("decision", "evidence", models.CharField(blank=True, default="", max_length=16)),
        migrations.AddField("backtestresult", "outcomes", models.JSONField(default=list)),
    ]
