"""An import keeps the accounts that its file names, and warnings about the file."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("statements", "0003_confirmed_currencies")]

    operations = [
        migrations.AddField("import", "accounts", models.JSONField(default=list)),
        migrations.AddField("import", "warnings", models.JSONField(default=list)),
    ]
