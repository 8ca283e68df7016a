"""Imports keep which of their rows may be in the ledger already."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('statements', '0005_losses_of_imports'),
    ]

    operations = [
        migrations.AddField(
            model_name='import',
            name='matches',
            field=models.JSONField(default=dict),
        ),
    ]
