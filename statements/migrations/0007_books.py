"""An import keeps what a program's books need in the ledger."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("statements", "0006_matches")]

    operations = [migrations.AddField("import", "book", models.JSONField(default=dict))]
