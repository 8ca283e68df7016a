"""Writes of attachments: a file and its row come and go together."""

from collections.abc import Iterable

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction as database

from accounts.models import User
from expenses.ledger.files import describe_file
from expenses.models import Attachment, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, ledger_write, remove_row, write_nothing

MOST = 20


def attach_file(*, by: User, transaction: Transaction, data: bytes, name: str) -> tuple[Attachment, bool]:
    """Return the attachment, and whether it is new; the same content again gives the first one back.

    Raises RefusedFile for what is no page or picture, or too large a one. Raises Refusal if there are 20 already.
    """
    described = describe_file(data, name=name, most_megapixels=settings.ATTACHMENT_MAX_MEGAPIXELS)
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        there = {attachment.sha256: attachment for attachment in transaction.attachments.all()}
        if described.sha256 in there:
            write_nothing()
            return there[described.sha256], False
        if len(there) >= MOST:
            raise Refusal(f"A transaction has at most {MOST} attachments; delete one first.", code="too_many")
        attachment = Attachment(
            ledger_id=ledger_id,
            transaction=transaction,
            name=described.name,
            media_type=described.media_type,
            sha256=described.sha256,
            size=len(data),
            version=version,
        )
        attachment.file.save(described.name, ContentFile(data), save=False)
        try:
            attachment.save()
        except BaseException:
            attachment.file.delete(save=False)
            raise
        Transaction.objects.filter(pk=transaction.pk).update(is_touched=True)
        return attachment, True


def remove_attachment(*, by: User, attachment: Attachment) -> None:
    """Delete the row with a tombstone, and the file once that is sure."""
    with ledger_write(ledger_id_of(by)) as version:
        delete_files([attachment])
        remove_row(attachment, ledger_id=attachment.ledger_id, version=version)


def delete_files(attachments: Iterable[Attachment]) -> None:
    """Delete the files of rows that are about to go, after the commit."""
    for attachment in attachments:
        if not attachment.file:  # a backup brought the row without it
            continue
        storage, name = attachment.file.storage, attachment.file.name
        database.on_commit(lambda storage=storage, name=name: storage.delete(name), robust=True)  # type: ignore[misc]
