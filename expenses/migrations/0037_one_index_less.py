"""No query took the index of rows without an account: SQLite finds them by their days, too."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('expenses', '0036_suggested_transfers'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='transaction',
            name='transaction_unplaced',
        ),
    ]
