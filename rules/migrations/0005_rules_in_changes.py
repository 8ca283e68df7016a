"""Rules and proposals come in `changes/`, also those that are there already."""

from typing import Any

from django.db import migrations, models

from expenses.upgrades import stamp_rows


def stamp(apps: Any, schema_editor: Any) -> None:
    ledgers = apps.get_model("expenses", "Ledger").objects
    for name in ("Rule", "Proposal"):
        stamp_rows(apps.get_model("rules", name).objects.all(), ledgers=ledgers)


class Migration(migrations.Migration):
    dependencies = [("expenses", "0019_more_in_changes"), ("rules", "0004_proposals")]

    operations = [
        migrations.AddIndex("rule", models.Index(fields=["ledger", "version"], name="rule_version")),
        migrations.AddIndex("proposal", models.Index(fields=["ledger", "version"], name="proposal_version")),
        migrations.RunPython(stamp, migrations.RunPython.noop),
    ]
