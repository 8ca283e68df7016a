"""Imports and their profiles come in `changes/`, also those that are there already."""

from typing import Any

from django.db import migrations, models

from expenses.upgrades import stamp_rows


def stamp(apps: Any, schema_editor: Any) -> None:
    ledgers = apps.get_model("expenses", "Ledger").objects
    for name in ("Import", "Profile"):
        stamp_rows(apps.get_model("statements", name).objects.all(), ledgers=ledgers)


class Migration(migrations.Migration):
    dependencies = [("expenses", "0019_more_in_changes"), ("statements", "0001_initial")]

    operations = [
        migrations.AlterModelOptions("profile", {"ordering": ["name"], "verbose_name": "import profile"}),
        migrations.AddField("import", "version", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField("profile", "version", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddIndex("import", models.Index(fields=["ledger", "version"], name="import_version")),
        migrations.AddIndex("profile", models.Index(fields=["ledger", "version"], name="profile_version")),
        migrations.RunPython(stamp, migrations.RunPython.noop),
    ]
