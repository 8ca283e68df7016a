"""Money that moves between two accounts of one ledger."""

from typing import Any, ClassVar

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.querysets import TransferQuerySet


class TransferStatus(models.TextChoices):
    """The status of a pair. A rejected one is kept, so that it is not found again; a suggested one changes no row."""

    SUGGESTED = "suggested"
    AUTOMATIC = "automatic"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


#: The statuses of pairs whose rows are halves of a transfer.
STANDING = (TransferStatus.AUTOMATIC, TransferStatus.CONFIRMED)
#: The condition that the rows of a pair are halves of a transfer.
STANDS = models.Q(status__in=[str(status) for status in STANDING])


class Transfer(models.Model):
    """Two transactions that are one movement: money that went out of an account, and came into another."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="transfers", db_index=False)
    outgoing = models.ForeignKey("expenses.Transaction", models.CASCADE, related_name="+")
    incoming = models.ForeignKey("expenses.Transaction", models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=TransferStatus.choices)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ledger", "version"], name="transfer_version")]
        constraints = [
            models.UniqueConstraint(fields=["outgoing"], condition=STANDS, name="transfer_outgoing_once"),
            models.UniqueConstraint(fields=["incoming"], condition=STANDS, name="transfer_incoming_once"),
            models.UniqueConstraint(fields=["outgoing", "incoming"], name="transfer_pair_unique"),
            models.CheckConstraint(
                condition=~models.Q(outgoing=models.F("incoming")), name="transfer_between_two_transactions"
            ),
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk} ({self.status})"
