"""Labels across categories."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower

from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet


class Tag(models.Model):
    """A label across categories."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=50)
    version = models.BigIntegerField(default=0)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("ledger", Lower("name"), name="tag_name_unique")]

    def __str__(self) -> str:
        return self.name
