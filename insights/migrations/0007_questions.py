"""Keep questions in plain words with their answers."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("expenses", "0030_model_calls"),
        ("insights", "0006_narratives"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerQuestion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("question", models.CharField(max_length=500)),
                ("month", models.CharField(blank=True, default="", max_length=7)),
                (
                    "status",
                    models.CharField(
                        choices=[("answered", "Answered"), ("pending", "Pending"), ("failed", "Failed")], max_length=8
                    ),
                ),
                ("source", models.CharField(choices=[("pattern", "Pattern"), ("model", "Model")], max_length=7)),
                ("understood", models.TextField(blank=True, default="")),
                ("answer", models.TextField(blank=True, default="")),
                ("figures", models.JSONField(default=list)),
                ("steps", models.JSONField(default=list)),
                ("links", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ledger",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="expenses.ledger",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["ledger", "asked_by", "created_at", "id"], name="question_time")],
            },
        ),
    ]
