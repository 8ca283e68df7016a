"""Transactions that may be one movement, and traces of statement rows that a transaction stands for."""

from typing import Any, ClassVar

from django.db import models

from expenses.models.accounts import Account
from expenses.models.ledgers import Ledger
from expenses.models.runs import Run
from expenses.models.transactions import Transaction
from expenses.querysets import DuplicateQuerySet, OwnedQuerySet


class DuplicateStatus(models.TextChoices):
    """The status of a pair. A dismissed one is kept, so that it is not offered again."""

    OPEN = "open"
    MERGED = "merged"
    DISMISSED = "dismissed"


_IS_OPEN = models.Q(status=DuplicateStatus.OPEN)


class Duplicate(models.Model):
    """Two transactions that may be one movement, offered to their owner."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="duplicates", db_index=False)
    older = models.ForeignKey(Transaction, models.CASCADE, related_name="+")
    newer = models.ForeignKey(Transaction, models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=DuplicateStatus.choices, default=DuplicateStatus.OPEN)
    #: Codes of what speaks for the pair, the strongest first.
    reasons = models.JSONField(default=list)
    #: The likeness of both texts, from 0 to 1.
    likeness = models.FloatField()
    #: The row that is left after a merge.
    kept = models.ForeignKey(Transaction, models.SET_NULL, null=True, related_name="+")
    #: The run of the merge, which can be reverted.
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    #: What a merge moved to the row that is left: ids of `attachments` and `traces`.
    moved = models.JSONField(default=dict)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = DuplicateQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ledger", "status"], name="duplicate_status")]
        constraints = [
            models.UniqueConstraint(fields=["older", "newer"], name="duplicate_pair_unique"),
            models.UniqueConstraint(fields=["older"], condition=_IS_OPEN, name="duplicate_older_once"),
            models.UniqueConstraint(fields=["newer"], condition=_IS_OPEN, name="duplicate_newer_once"),
            models.CheckConstraint(condition=~models.Q(older=models.F("newer")), name="duplicate_of_two_transactions"),
        ]

    def __str__(self) -> str:
        return f"Duplicate {self.pk} ({self.status})"


class TraceKind(models.TextChoices):
    """The reason for a trace: the bank called the row pending, booked a pending one, or a user merged two."""

    PENDING = "pending"
    BOOKED = "booked"
    MERGED = "merged"


class StatementTrace(models.Model):
    """A row of a statement that a transaction stands for, so that no other statement brings it again.

    The row that brought a transaction leaves none, because the transaction has its fingerprint, unless it was pending.
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="traces")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=32)
    #: The day that the statement's row has.
    date = models.DateField()
    kind = models.CharField(max_length=7, choices=TraceKind.choices)
    #: The run that left the trace.
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    #: The run of the import that brought the statement's row.
    origin = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "fingerprint", "kind"], name="statement_trace_unique")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"
