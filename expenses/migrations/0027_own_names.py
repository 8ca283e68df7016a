"""Names of merchants that were confirmed, to be found in damaged text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0026_interruptions_of_runs")]

    operations = [
        migrations.AddField("trackrecord", "names", models.JSONField(default=list)),
        migrations.AddField("trackrecord", "names_digest", models.CharField(blank=True, default="", max_length=64)),
    ]
