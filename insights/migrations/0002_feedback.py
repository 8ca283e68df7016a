"""Give both kinds of feedback on insights the same columns."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_initial")]

    operations = [
        migrations.RenameField("recurringchoice", "payments", "transactions"),
        migrations.RenameField("recurringchoice", "decided_at", "given_at"),
    ]
