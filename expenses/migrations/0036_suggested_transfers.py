"""Pairs may be suggested; then their rows are halves of no transfer yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("expenses", "0035_duplicates"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="transfer",
            name="transfer_outgoing_once",
        ),
        migrations.RemoveConstraint(
            model_name="transfer",
            name="transfer_incoming_once",
        ),
        migrations.AlterField(
            model_name="transfer",
            name="status",
            field=models.CharField(
                choices=[
                    ("suggested", "Suggested"),
                    ("automatic", "Automatic"),
                    ("confirmed", "Confirmed"),
                    ("rejected", "Rejected"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["automatic", "confirmed"])),
                fields=("outgoing",),
                name="transfer_outgoing_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["automatic", "confirmed"])),
                fields=("incoming",),
                name="transfer_incoming_once",
            ),
        ),
    ]
