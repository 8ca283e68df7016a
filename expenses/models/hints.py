"""The person's own words to the local model."""

from typing import Any, ClassVar

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet


class Hint(models.Model):
    """A rule of the house that the local model reads with every question, as its owner wrote it."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    text = models.CharField(max_length=200)
    #: The model reads hints in this order, the older first among equals.
    position = models.PositiveSmallIntegerField()
    version = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["ledger", "position"], name="hint_position")]

    def __str__(self) -> str:
        return self.text
