"""Deletes the files and tasks of a person who leaves; the rows go with their ledger."""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from expenses.membership import Ledger
from expenses.models import Run
from expenses.services.erasing import forget_tasks, hand_over
from statements.models import Import, folder_of


def erase(*, user: User) -> None:
    """Forget what was to be done with the person's statements; their files go when the transaction commits."""
    ledgers = list(Ledger.objects.filter(founder=user).values_list("pk", flat=True))
    hand_over(Import.objects.filter(user=user).exclude(ledger__in=ledgers))
    imports = dict(Import.objects.filter(ledger__in=ledgers).values_list("pk", "file"))
    forget_tasks("statements.tasks.read_import", imports)
    runs = Run.objects.filter(ledger__in=ledgers, kind="import").values_list("pk", flat=True)
    forget_tasks("statements.tasks.commit_import", list(runs))
    for name in [*filter(None, imports.values()), *map(folder_of, ledgers)]:
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
