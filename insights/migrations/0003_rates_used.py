"""Keep the rates that computed insights took."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0002_feedback")]

    operations = [migrations.AddField("insightstate", "rates_used", models.JSONField(default=list))]
