"""The journal of changes, and tombstones of deleted rows."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from expenses.models.ledgers import Ledger
from expenses.models.runs import Run
from expenses.models.transactions import Transaction
from expenses.querysets import OwnedQuerySet


class Change(models.Model):
    """One write of one transaction: fields, old and new values, author. A row's creation is not journaled."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="changes")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="changes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    #: `user`, the link of the chain that answered, or the kind of the run.
    source = models.CharField(max_length=32)
    version = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    #: Field → [before, after], as expenses.services.journal makes them.
    fields = models.JSONField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ledger", "version"], name="change_version")]

    def __str__(self) -> str:
        return f"{self.source}: {', '.join(self.fields)}"


def tombstone_type(model: type[models.Model]) -> str:
    """Return the type of tombstones of the model's rows."""
    return str(model._meta.verbose_name).replace(" ", "_")


class Tombstone(models.Model):
    """A deleted row that clients must remove from their copies; it goes when the row is restored."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=16)
    object_id = models.BigIntegerField()
    version = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["version", "id"]
        indexes = [models.Index(fields=["ledger", "version"], name="tombstone_version")]
        constraints = [models.UniqueConstraint(fields=["ledger", "type", "object_id"], name="tombstone_unique")]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"
