"""Give both kinds of feedback on insights the same columns, and tables the names of their models."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_initial")]

    operations = [
        migrations.RenameField("recurringchoice", "payments", "transactions"),
        migrations.RenameField("recurringchoice", "decided_at", "given_at"),
        migrations.RenameField("amountcalibration", "oddities", "log_odds"),
        migrations.RenameModel("Standing", "InsightState"),
    ]
