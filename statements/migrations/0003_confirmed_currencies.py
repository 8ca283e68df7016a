"""An import keeps the currencies that its owner has confirmed for the account."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("statements", "0002_imports_in_changes")]

    operations = [migrations.AddField("import", "confirmed_currencies", models.JSONField(default=list))]
