"""When asking about open rows again began, so that new keywords are never taken for asked about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0027_own_names")]

    operations = [migrations.AddField("trackrecord", "asking_since", models.DateTimeField(null=True))]
