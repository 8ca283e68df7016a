"""Texts of a model about months, and wishes for their tone."""

from typing import Any, ClassVar

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet
from insights.narrative.prompt import HINT_LENGTH


class NarrativeState(models.TextChoices):
    """Where the model's text is. Failed: it is tried again later."""

    WRITING = "writing"
    WRITTEN = "written"
    FAILED = "failed"


class Narrative(models.Model):
    """A model's checked sentences about a month, for readers with one currency and locale."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    #: The first day of the month.
    month = models.DateField()
    currency = models.CharField(max_length=3)
    locale = models.CharField(max_length=16)
    #: Equal as long as figures, hint, prompt and model are.
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=NarrativeState.choices)
    #: `part`, `text`, and `figures` by name, in the order in which they were stored.
    sentences = models.JSONField(default=list)
    #: How many sentences of the model were not shown.
    n_dropped = models.PositiveIntegerField(default=0)
    #: Why it failed.
    reason = models.CharField(max_length=400, blank=True, default="")
    n_tries = models.PositiveSmallIntegerField(default=0)
    #: No other task is queued before this instant.
    claimed_until = models.DateTimeField(null=True)
    #: The name that the worker holds which lets the model write it; "" if none does.
    claim = models.CharField(max_length=32, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ledger", "month", "currency", "locale"], name="narrative_unique")
        ]
        indexes = [models.Index(fields=["claim"], name="narrative_claim", condition=~models.Q(claim=""))]

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}, {self.month:%Y-%m}: {self.state}"


class NarrativeChoices(models.Model):
    """A ledger's wish for the tone of its texts. None: the usual tone."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    hint = models.CharField(max_length=HINT_LENGTH, blank=True, default="")

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {self.hint}"
