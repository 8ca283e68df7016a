"""Rates, mapped kinds of shops, preferences and thresholds come in `changes/`, also those that are there already."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery

from expenses.upgrades import stamp_rows


def stamp(apps: Any, schema_editor: Any) -> None:
    ledgers = apps.get_model("expenses", "Ledger").objects
    ledgers.update(version=F("version") + 1)
    ledgers.update(thresholds_version=F("version"))
    version = Subquery(ledgers.filter(pk=OuterRef("ledger_id")).values("version"))
    apps.get_model("expenses", "Membership").objects.update(preferences_version=version)
    stamp_rows(apps.get_model("expenses", "ExchangeRate").objects.filter(ledger__isnull=False), ledgers=ledgers)
    stamp_rows(apps.get_model("expenses", "KindMapping").objects.all(), ledgers=ledgers)


class Migration(migrations.Migration):
    dependencies = [("expenses", "0018_rows_that_differ")]

    operations = [
        migrations.AlterModelOptions("exchangerate", {"ordering": ["-date", "-id"], "verbose_name": "rate"}),
        migrations.AddField("ledger", "thresholds_version", models.BigIntegerField(default=0)),
        migrations.AddField("membership", "preferences_version", models.BigIntegerField(default=0)),
        migrations.AddIndex("exchangerate", models.Index(fields=["ledger", "version"], name="rate_version")),
        migrations.AddIndex("kindmapping", models.Index(fields=["ledger", "version"], name="kind_mapping_version")),
        migrations.RunPython(stamp, migrations.RunPython.noop),
    ]
