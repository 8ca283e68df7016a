"""Restores the backup of a ledger, as the work of a run: in one database transaction, so all of it is there or none.

The run looks at the whole file first, and counts each row twice: once when it was checked, once when it was recorded.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, models, transaction
from django.db.models import FileField

from accounts.models import User
from config.backup.form import FILES, PEOPLE
from config.backup.reading import (
    Backup,
    BadBackup,
    Head,
    RowReader,
    Targets,
    check,
    open_backup,
    read_people,
    read_preferences,
)
from config.backup.tables import REPLACED, RESTORE_KIND, rows_there, tables
from expenses.models import Ledger, Membership, Run, RunStatus
from expenses.models.bulk_insert import insert_rows
from expenses.models.ledgers import ledger_id_of
from expenses.services.delete_account import tables_of_ledgers
from expenses.services.ledger_lock import Refusal, lock_ledger
from expenses.services.ledger_queue import LEARN_FROM_CHOICES
from expenses.services.runs import Work, advance, end_run, queue_run

CHUNK = 1000


def refuse_unless_empty(ledger_id: int) -> None:
    """Raise Refusal if the ledger has anything that a backup would have to be mixed with."""
    there = rows_there(ledger_id)
    if there:
        detail = f"Only an empty ledger takes a backup, and this one has {', '.join(there)}. Restore as a new user."
        raise Refusal(detail, code="not_empty")


def order_restore(*, by: User, source: IO[bytes], head: Head) -> Run:
    """Keep the file, and create a run that restores it. Raises Refusal if the ledger is not empty."""
    ledger_id = ledger_id_of(by)
    with transaction.atomic():
        lock_ledger(ledger_id)
        refuse_unless_empty(ledger_id)
        about = {"created_at": head.created_at, "outlay": head.outlay, "counts": head.counts}
        run: Run = Run.objects.create(
            ledger_id=ledger_id, user=by, kind=RESTORE_KIND, total=2 * head.n_rows, about=about
        )
        source.seek(0)
        default_storage.save(_path_of(run), File(source))
        queue_run(run)
    return run


class RestoreWork(Work):
    """The work of a run that restores a backup."""

    starts_over = True
    is_revertible = False

    def perform(self, run: Run) -> None:
        """Check the file and record its rows. Raises Refusal, and then nothing is recorded."""
        with default_storage.open(_path_of(run)) as source:
            try:
                check(source, progress=lambda n: _advance(run, n))
                with open_backup(source) as backup:
                    _Restoring(run, backup).perform()
            except BadBackup as error:
                raise Refusal(str(error), code=error.code) from None

    def before_resume(self, run: Run) -> None:
        if not default_storage.exists(_path_of(run)):
            raise Refusal("The file of this run is gone: send the backup again.", code="gone")

    def after_end(self, run: Run) -> None:
        transaction.on_commit(lambda: default_storage.delete(_path_of(run)), robust=True)


class _Restoring:
    """One try to record the rows of a backup that was checked."""

    def __init__(self, run: Run, backup: Backup) -> None:
        self.run, self.backup, self.ledger_id = run, backup, run.ledger_id
        self.stored: list[str] = []

    def perform(self) -> None:
        try:
            with transaction.atomic():
                advance(self.run, n_rows=self.backup.head.n_rows)
                lock_ledger(self.ledger_id)
                refuse_unless_empty(self.ledger_id)
                self._record()
                for run in Run.objects.filter(ledger_id=self.ledger_id, status=RunStatus.PENDING):
                    queue_run(run)
                LEARN_FROM_CHOICES.queue(self.ledger_id)
                # A worker that is killed from now on leaves a finished run: nobody looks for an empty ledger again.
                end_run(self.run, RunStatus.SUCCEEDED)
        except IntegrityError as error:
            self._delete_files()
            detail = f"The backup contradicts itself, so nothing was restored: {_one_line(error)}."
            raise Refusal(detail, code="invalid_backup") from None
        except BaseException:
            self._delete_files()
            raise

    def _record(self) -> None:
        ledger = Ledger.objects.select_related("founder").get(pk=self.ledger_id)
        before = ledger.version
        members = dict(Membership.objects.filter(ledger=ledger).values_list("user__username", "user_id"))
        self.targets = Targets(self.backup.head, founder=ledger.founder_id, version=before, members=members)
        self._make_room()
        self._take_ids()
        for part, columns, rows in self.backup.parts():
            if part.name == PEOPLE:
                self.targets.name_people(read_people(columns, rows))
            elif part.name in tables():
                read = RowReader(tables()[part.name], columns, self.targets, outlay=self.backup.head.outlay)
                if part.name == "expenses.Ledger":
                    self._change_ledger(read, rows)
                else:
                    self._insert(part.name, read, rows)
            else:
                preferences = read_preferences(columns, rows)
                if self.run.user_id == ledger.founder_id:
                    User.objects.filter(pk=ledger.founder_id).update(**preferences)
        Ledger.objects.filter(pk=self.ledger_id, version__lt=before).update(version=before)
        ledger.refresh_from_db(fields=["version"])
        Membership.objects.filter(ledger=ledger, user=ledger.founder_id).update(preferences_version=ledger.version)

    def _make_room(self) -> None:
        """Delete what an empty ledger has and a backup replaces."""
        for model, way in reversed(tables_of_ledgers()):
            if model._meta.label in REPLACED:
                rows = model._base_manager.filter(**{way: self.ledger_id})  # noqa: SLF001 - no default hides rows from it
                rows._raw_delete(rows.db)  # noqa: SLF001 - nothing refers to them

    def _take_ids(self) -> None:
        for part in self.backup.head.tables:
            if part.name in tables() and part.name != "expenses.Ledger":
                ids = _new_ids(tables()[part.name].model, part.n)
                if ids is not None:
                    self.targets.ids[part.name] = ids

    def _change_ledger(self, read: RowReader, rows: Iterator[list[Any]]) -> None:
        for row in rows:
            columns = ", ".join(f"{connection.ops.quote_name(one.column)} = %s" for one in read.columns)
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(Ledger._meta.db_table)
                cursor.execute(f"UPDATE {table} SET {columns} WHERE id = %s", [*read(row), self.ledger_id])  # noqa: S608 - names of our columns

    def _insert(self, name: str, read: RowReader, rows: Iterator[list[Any]]) -> None:
        model = tables()[name].model
        fixed = self._fixed_values(model, read)
        files = [at for at, one in enumerate(read.columns) if isinstance(_fields(model)[one.column], FileField)]
        pk: Any = model._meta.pk
        ids = (pk.get_db_prep_save(one, connection) for one in self.targets.ids.get(name, ()))
        columns = [*([pk.column] if name in self.targets.ids else []), *fixed]
        columns += [one.column for one in read.columns]
        while chunk := list(islice(rows, CHUNK)):
            values = []
            for row in chunk:
                read_row = read(row)
                for at in files:
                    read_row[at] = self._store_file(model, read.columns[at].column, read_row[at])
                values.append([*islice(ids, 1 if name in self.targets.ids else 0), *fixed.values(), *read_row])
            insert_rows(model, columns, values)

    def _fixed_values(self, model: type[models.Model], read: RowReader) -> dict[str, Any]:
        """Return the values of columns that no backup has: the ledger, and the defaults of what is left out."""
        known = {one.column for one in read.columns}
        fixed: dict[str, Any] = {}
        for column, field in _fields(model).items():
            if column in known or (field.primary_key and field.remote_field is None):
                continue
            if field.related_model is Ledger:
                fixed[column] = self.ledger_id
            else:
                fixed[column] = field.get_db_prep_save(field.get_default(), connection)
        return fixed

    def _store_file(self, model: type[models.Model], column: str, place: str) -> str:
        """Store a file of the zip under a new name, and return the name; "" where the backup has no file."""
        if not place.startswith(FILES):
            return ""
        field: Any = _fields(model)[column]
        name = field.generate_filename(model(ledger_id=self.ledger_id), "file")
        with self.backup.open_file(place) as source:
            stored = default_storage.save(name, File(source, name))
        self.stored.append(stored)
        return stored

    def _delete_files(self) -> None:
        for name in self.stored:
            default_storage.delete(name)


def _path_of(run: Run) -> str:
    return f"restores/{run.ledger_id}/{run.pk}"


def _advance(run: Run, n_rows: int) -> None:
    with transaction.atomic():
        advance(run, n_rows=n_rows)


def _new_ids(model: type[models.Model], n: int) -> Sequence[Any] | None:
    """Return n new ids in their order, which nobody else gets; None for a table whose id is a reference."""
    pk: Any = model._meta.pk
    if pk.remote_field is not None:
        return None
    if isinstance(pk, models.UUIDField):
        return sorted(uuid.uuid4() for _ in range(n))
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(sql, [connection.ops.quote_name(table), pk.column, n])
            return [row[0] for row in cursor.fetchall()]
        # The lock of a writer is held, so that nobody else takes these.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        first = (found[0] if found else 0) + 1
        return range(first, first + n)


def _fields(model: type[models.Model]) -> Mapping[str, Any]:
    return {str(field.column): field for field in model._meta.concrete_fields}


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
