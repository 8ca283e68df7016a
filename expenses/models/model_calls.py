"""The privacy ledger: every call of a model, and what its owner decides about it."""

import uuid
from typing import Any, ClassVar

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.models.transactions import Transaction
from expenses.querysets import OwnedQuerySet
from providers.ollama.calls import CallOutcome, Purpose

#: Calls are deleted after so many days unless their owner decides otherwise.
KEPT_DAYS = 90


class ModelCall(models.Model):
    """One call of a model: the exact text that left this process, and what came back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    purpose = models.CharField(max_length=16, choices=[(p.value, p.value) for p in Purpose])
    endpoint = models.CharField(max_length=300)
    model = models.CharField(max_length=200)
    digest = models.CharField(max_length=80, blank=True, default="")
    prompt_version = models.CharField(max_length=40, blank=True, default="")
    request = models.TextField()
    response = models.TextField(blank=True, default="")
    n_bytes_sent = models.PositiveBigIntegerField()
    n_bytes_received = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(
        max_length=16, choices=[(o.value, o.value) for o in CallOutcome], default=CallOutcome.SENT.value
    )
    transactions = models.ManyToManyField(Transaction, related_name="model_calls", db_table="expenses_modelcall_rows")

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["ledger", "created_at", "id"], name="model_call_time")]

    def __str__(self) -> str:
        return f"{self.purpose} at {self.endpoint}: {self.outcome}"


class PrivacyChoices(models.Model):
    """A ledger's choices of what a model may see, and how long calls are kept. Without a row, the defaults hold."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: Days for which calls are kept; null keeps them until they are deleted, 0 keeps no text beyond the call.
    kept_days = models.PositiveSmallIntegerField(null=True, default=KEPT_DAYS)
    #: Names that no model may see, as their owner wrote them.
    names = models.JSONField(default=list)
    version = models.BigIntegerField(default=0)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {self.kept_days} days, {len(self.names)} names"
