"""Name the worker that answers a question, or writes about a month."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insights", "0007_questions")]

    operations = [
        migrations.AddField("ledgerquestion", "claim", models.CharField(blank=True, default="", max_length=32)),
        migrations.AddField("ledgerquestion", "n_interruptions", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("narrative", "claim", models.CharField(blank=True, default="", max_length=32)),
        migrations.AddIndex(
            "ledgerquestion",
            models.Index(fields=["claim"], name="question_claim", condition=models.Q(("claim", ""), _negated=True)),
        ),
        migrations.AddIndex(
            "narrative",
            models.Index(fields=["claim"], name="narrative_claim", condition=models.Q(("claim", ""), _negated=True)),
        ),
    ]
