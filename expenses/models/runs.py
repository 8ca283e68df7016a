"""What machines do to many rows at once."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from expenses.membership import Ledger
from expenses.querysets import RunQuerySet


class Run(models.Model):
    """Anything that writes many rows by machine; it shows progress and remembers how it ended."""

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        REVERTED = "reverted"

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="runs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    #: The id of what it works on: for kind import, the import.
    subject = models.BigIntegerField(null=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    #: When its worker last said that it is at it; long ago means that the worker died.
    alive_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk} ({self.status})"
