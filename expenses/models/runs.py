"""Runs: changes of many rows by machine."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property

from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet


class RunStatus(models.TextChoices):
    """The status of a run."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    REVERTED = "reverted"


class Run(models.Model):
    """A change of many rows by machine, with its progress and its end."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="runs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    #: The id of what it works on: for kind import, the import.
    subject = models.BigIntegerField(null=True)
    #: What was ordered, for people to tell runs apart; empty where kind and subject say it.
    about = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=RunStatus.choices, default=RunStatus.PENDING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    #: The name that its worker holds while it lives (`life_signs`); a worker that has lost it writes nothing more.
    claim = models.CharField(max_length=32, blank=True, default="")
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    #: When it was noticed that its worker was stopped half way; it goes on by itself.
    interrupted_at = models.DateTimeField(null=True)
    #: How often that happened since it was ordered or resumed, or last did rows that stay done.
    n_interruptions = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    #: Its revert has begun, so that nobody resumes it; it is reverted when its status says so.
    reverting_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk} ({self.status})"


class Plan(models.Model):
    """The rows and changes of a bulk run that has not ended. Rows recorded after the order stay out.

    It is kept beside the run, because every list of transactions reads runs.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="plan")
    #: Ids of transactions, in the order of the work; `done` of the run counts along it.
    rows = models.JSONField()
    #: Field → new value as JSON; empty where rows are deleted.
    changes = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{len(self.rows)} rows of run {self.pk}"

    @cached_property
    def chosen(self) -> frozenset[int]:
        """Return the rows as a set, made once for all chunks of the work."""
        return frozenset(self.rows)


class Omission(models.Model):
    """A row that a run left as it was, and why."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="omissions")
    #: Its id, even when it is gone.
    transaction = models.BigIntegerField()
    code = models.CharField(max_length=32)
    detail = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.transaction}: {self.detail}"
