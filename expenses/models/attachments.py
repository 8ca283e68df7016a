"""Files beside transactions: receipts, invoices, photographs."""

import secrets
from typing import Any, ClassVar

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.models.transactions import Transaction
from expenses.querysets import AttachmentQuerySet


def storage_path(attachment: "Attachment", filename: str) -> str:
    """Return a name of our own: what the client calls its file never reaches the file system."""
    return f"attachments/{attachment.ledger_id}/{secrets.token_hex(16)}"


class Attachment(models.Model):
    """One file of one transaction; it never changes, it comes and goes."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to=storage_path)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["ledger", "version"], name="attachment_version")]
        constraints = [models.UniqueConstraint(fields=["transaction", "sha256"], name="attachment_unique")]

    def __str__(self) -> str:
        return self.name
