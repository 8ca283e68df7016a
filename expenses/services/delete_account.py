"""Deletes what the ledger keeps of a person who leaves."""

from collections.abc import Collection, Iterable
from functools import partial
from pathlib import PurePosixPath
from typing import Protocol, runtime_checkable

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import CASCADE, FileField, ForeignKey, Model, OuterRef, QuerySet, Subquery
from django_tasks import TaskResultStatus, task_backends
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from expenses.models import Change, Run
from expenses.models.ledgers import Ledger
from expenses.services.ledger_lock import lock_ledger

Table = tuple[type[Model], str]


def erase(*, user: User) -> None:
    """Delete the ledgers that the person founded, whoever else works in them, with the rows and files of every app.

    What they did in the ledger of somebody else stays there, under its founder's name.
    """
    ledgers = list(Ledger.objects.filter(founder=user).values_list("pk", flat=True))
    for ledger_id in ledgers:
        lock_ledger(ledger_id)
    hand_over(Run.objects.filter(user=user).exclude(ledger__in=ledgers))
    hand_over(Change.objects.filter(user=user).exclude(ledger__in=ledgers))
    for name in ("resolve_pending", "ask_model", "learn_from_choices"):
        forget_tasks(f"expenses.tasks.{name}", ledgers)
    forget_tasks("insights.tasks.write_narrative", ledgers)
    forget_tasks("expenses.tasks.carry_out_run", Run.objects.filter(ledger__in=ledgers).values_list("pk", flat=True))
    for model, way in reversed(tables_of_ledgers()):
        rows: QuerySet[Model] = model._base_manager.filter(**{f"{way}__in": ledgers})  # noqa: SLF001 - no default hides rows from it
        delete_files(rows)
        rows._raw_delete(rows.db)  # noqa: SLF001 - else Django would load each row, to see what refers to it


def delete_files(rows: "QuerySet[Model]") -> None:
    """Delete the files that these rows name, and their folders, when the transaction commits."""
    for field in rows.model._meta.concrete_fields:
        if isinstance(field, FileField):
            names = [name for name in rows.values_list(field.name, flat=True) if name]
            for name in [*names, *{str(PurePosixPath(name).parent) for name in names}]:
                transaction.on_commit(partial(field.storage.delete, name), robust=True)


def hand_over(rows: "QuerySet[Model]") -> None:
    """Put what the person did in the ledger of somebody else under its founder's name."""
    founder = Ledger.objects.filter(pk=OuterRef("ledger_id")).values("founder_id")[:1]
    rows.update(user_id=Subquery(founder))


def tables_of_ledgers() -> list[Table]:
    """Every table of every app whose rows go with a ledger, and the way to its id; what is referred to comes first."""
    ways: dict[type[Model], str] = {Ledger: "pk"}
    models, n = apps.get_models(include_auto_created=True), 0
    while n < len(ways):
        n = len(ways)
        known = dict(ways)
        for model in models:
            for field in reversed(model._meta.concrete_fields):  # so that the first reference counts
                is_owned = isinstance(field, ForeignKey) and field.remote_field.on_delete is CASCADE
                if model not in known and is_owned and field.related_model in known:
                    ways[model] = f"{field.name}__{known[field.related_model]}"
    return list(ways.items())


@runtime_checkable
class OwnStore(Protocol):
    """A queue that keeps its tasks elsewhere than in the database."""

    def purge(self, path: str, ids: Collection[int]) -> None: ...


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
            transaction.on_commit(partial(backend.purge, path, wanted), robust=True)
