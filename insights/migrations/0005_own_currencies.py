"""Keep the currency in which a recurring payment is paid, and its worth in the founder's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0004_weekly_spending")]

    operations = [
        migrations.AddField("recurringpayment", "base_currency", models.CharField(default="", max_length=3)),
        migrations.AddField(
            "recurringpayment", "rate", models.DecimalField(decimal_places=15, default=1, max_digits=24)
        ),
    ]
