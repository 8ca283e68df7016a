"""An import keeps what of its rows the ledger cannot record as the file has it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("statements", "0004_accounts_of_files")]

    operations = [migrations.AddField("import", "losses", models.JSONField(default=list))]
