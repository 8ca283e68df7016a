"""A profile may belong to an account, and has a fingerprint; an import names the profile that it is read by."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("expenses", "0034_numbers_of_accounts"), ("statements", "0007_books")]

    operations = [
        migrations.AddField(
            "profile",
            "account",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="profiles",
                to="expenses.account",
            ),
        ),
        migrations.AddField("profile", "fingerprint", models.CharField(blank=True, default="", max_length=32)),
        migrations.AddField("import", "profile_name", models.CharField(blank=True, default="", max_length=100)),
    ]
