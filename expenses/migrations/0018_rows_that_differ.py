"""Count the rows that only one of two chains got right: that with the classifier, or that without it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0017_interrupted_runs")]

    operations = [
        migrations.AddField("classifier", "n_gained", models.PositiveIntegerField(null=True)),
        migrations.AddField("classifier", "n_lost", models.PositiveIntegerField(null=True)),
    ]
