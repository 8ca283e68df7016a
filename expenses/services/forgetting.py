"""Deletes queued tasks for what goes with a ledger, in whichever queue they wait."""

from collections.abc import Collection, Iterable
from functools import partial
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.db import transaction
from django_tasks import TaskResultStatus, task_backends
from django_tasks_db.models import DBTaskResult


@runtime_checkable
class OwnStore(Protocol):
    """A queue that keeps its tasks elsewhere than in the database."""

    def forget(self, path: str, ids: Collection[int]) -> None: ...


def forget_tasks(path: str, ids: Iterable[int]) -> None:
    """Delete tasks that were queued or done for one of these ids. One that runs ends as ever, but forgets for whom.

    Other queues than the database's know no rollback, so they are told when the transaction commits.
    """
    wanted = set(ids)
    tasks = DBTaskResult.objects.filter(task_path=path, args_kwargs__args__0__in=list(wanted))
    tasks.filter(status=TaskResultStatus.RUNNING).update(args_kwargs={"args": [], "kwargs": {}})
    tasks.exclude(status=TaskResultStatus.RUNNING).delete()
    for backend in (task_backends[alias] for alias in settings.TASKS):
        if wanted and isinstance(backend, OwnStore):
            transaction.on_commit(partial(backend.forget, path, wanted), robust=True)
