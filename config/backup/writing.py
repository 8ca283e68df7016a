"""Writes the backup of a ledger as one file."""

import hashlib
import json
import os
import tempfile
import zipfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import FileField, Min
from django.utils import timezone

from accounts.models import PREFERENCES as PREFERENCE_FIELDS
from accounts.models import User
from config.backup.form import (
    DOCUMENT,
    END,
    FILES,
    FORMAT,
    FORMAT_VERSION,
    FOUNDER,
    GONE,
    PEOPLE,
    PREFERENCES,
    SEAL_LENGTH,
    SYSTEM,
)
from config.backup.references import IDS
from config.backup.tables import Table, is_version, reference_of, system_categories, tables, version_columns
from config.backup.values import Convert, write_instant, writer_of
from expenses.models import Ledger, RunStatus

CHUNK = 2000
COPIED_AT_ONCE = 1024 * 1024
#: The day that zips know as the first: the time of a backup stands in its document alone.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class BackupPart:
    """A part as the head of a backup names it. `n` are rows, of a file bytes."""

    name: str
    n: int
    sha256: str


def write_document(ledger: Ledger) -> IO[bytes]:
    """Return a temporary file with `backup.json` of a ledger, from its start."""
    with unchanging():
        return _Backup(ledger).write()


def write_zip(ledger: Ledger) -> IO[bytes]:
    """Return a temporary file with `backup.zip` of a ledger, from its start: the document, attachments, statements."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with unchanging():
            document = _Backup(ledger, archive).write()
        with document:
            add_file(archive, DOCUMENT, document)
        archive.comment = b"0" * SEAL_LENGTH
    seal(target)
    target.seek(0)
    return target


def add_file(archive: zipfile.ZipFile, name: str, source: Any) -> tuple[int, str]:
    """Copy a file into a zip, and return the number of its bytes and their SHA-256."""
    digest, n = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as entry:  # an entry opened by its name has the first day
        while chunk := source.read(COPIED_AT_ONCE):
            entry.write(chunk)
            digest.update(chunk)
            n += len(chunk)
    return n, digest.hexdigest()


def seal(archive: IO[bytes]) -> None:
    """Put the SHA-256 of all other bytes of a zip into its comment, which stands at its end."""
    archive.seek(-SEAL_LENGTH, os.SEEK_END)
    archive.write(seal_of(archive).encode())


def seal_of(archive: IO[bytes]) -> str:
    """Return the SHA-256 of the bytes of a zip before its comment."""
    rest = archive.seek(-SEAL_LENGTH, os.SEEK_END)
    position, digest = rest, hashlib.sha256()
    archive.seek(0)
    while rest:
        chunk = archive.read(min(rest, COPIED_AT_ONCE))
        digest.update(chunk)
        rest -= len(chunk)
    archive.seek(position)
    return digest.hexdigest()


@contextmanager
def unchanging() -> Iterator[None]:
    """Let every query of the block see the database as it is now. Nobody waits for it."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # Django's own would take the lock of a writer
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@dataclass(slots=True)
class _Backup:
    """A backup that is being written."""

    ledger: Ledger
    #: Takes the files of the ledger; None leaves them out.
    archive: zipfile.ZipFile | None = None
    parts: list[BackupPart] = field(default_factory=list)
    file_parts: list[BackupPart] = field(default_factory=list)
    places: dict[str, "_NumberPlaces | _NamePlaces"] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    lowest: int = 0

    def write(self) -> IO[bytes]:
        """Return the document as a temporary file."""
        self.categories, self.lowest = system_categories(), self._lowest_version()
        names = self._name_people()
        with tempfile.TemporaryFile() as body:
            self._write_part(body, PEOPLE, ["username"], iter([[name] for name in names]))
            founder = self.ledger.founder
            preferences = [getattr(founder, name) for name in PREFERENCE_FIELDS]
            self._write_part(body, PREFERENCES, list(PREFERENCE_FIELDS), iter([preferences]))
            for table in tables().values():
                self._write_part(body, table.name, [one.name for one in table.fields], self._rows(table))
            target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
            target.write(self._head())
            body.seek(0)
            _copy(body, target)
            target.write(END)
        target.seek(0)
        return target

    def _head(self) -> bytes:
        origin = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "created_at": write_instant(timezone.now()),
            "outlay": settings.VERSION,
        }
        first = "{" + ",".join(f'"{name}":{_encode(value)}' for name, value in origin.items()) + ",\n"
        parts = [{"name": one.name, "n": one.n, "sha256": one.sha256} for one in (*self.parts, *self.file_parts)]
        above = (first + f'"parts":{json.dumps(parts, separators=(",", ":"))},\n').encode()
        return above + f'"sha256":"{hashlib.sha256(above).hexdigest()}",\n"data":{{\n'.encode()

    def _write_part(self, body: IO[bytes], name: str, columns: list[str], rows: Iterator[Sequence[Any]]) -> None:
        digest, n = hashlib.sha256(), 0

        def put(text: str) -> None:
            line = text.encode()
            digest.update(line)
            body.write(line)

        if self.parts:
            body.write(b",\n")
        put(f'{_encode(name)}:{{"columns":{_encode(columns)},"rows":[\n')
        while lines := [_encode(row) for row in islice(rows, CHUNK)]:
            put(",\n" * bool(n) + ",\n".join(lines))
            n += len(lines)
        put("\n" * bool(n) + "]}")
        self.parts.append(BackupPart(name, n, digest.hexdigest()))

    def _rows(self, table: Table) -> Iterator[list[Any]]:
        """Yield the rows of a table as JSON values."""
        fields = table.fields
        changes = [(at, change) for at, one in enumerate(fields) if (change := self._change_of(table, one)) is not None]
        inner = [(at, IDS[key]) for at, one in enumerate(fields) if (key := f"{table.name}.{one.name}") in IDS]
        names = [one.attname for one in fields]
        for values in table.rows(self.ledger.pk).values_list(*names).iterator(chunk_size=CHUNK):
            row = list(values)
            if inner:
                by_name = dict(zip(names, values, strict=True))
                for at, find in inner:
                    if row[at] is not None:
                        row[at] = find(row[at], self._inner_place, by_name)
            for at, change in changes:
                if row[at] is not None:
                    row[at] = change(row[at])
            yield row

    def _change_of(self, table: Table, one: Any) -> Convert | None:
        reference = reference_of(one)
        if reference == "accounts.User":
            return self._place_of_person
        if reference:
            return self._change_of_reference(reference)
        if isinstance(one, FileField):
            return self._place_of_file
        if is_version(one):
            return self._lowered
        return _status_of_run if str(one) == "expenses.Run.status" else writer_of(one)

    def _change_of_reference(self, table: str) -> Convert:
        find: Convert = self._places_of(table).find
        if table != "expenses.Category":
            return find
        system = self.categories
        return lambda pk: f"{SYSTEM}{system[pk]}" if pk in system else find(pk)

    def _place_of_person(self, pk: int) -> int:
        return self.people.get(pk, FOUNDER)

    def _place_of_file(self, name: str) -> str | None:
        """Copy a file into the zip, and return its name there; None for one that is missing."""
        if self.archive is None or not name:
            return None
        try:
            source = default_storage.open(name)
        except FileNotFoundError:
            return None
        place = f"{FILES}{len(self.file_parts) + 1}"
        with source:
            self.file_parts.append(BackupPart(place, *add_file(self.archive, place, source)))
        return place

    def _lowered(self, version: int) -> int:
        """Return a version as if the ledger had begun with its oldest row."""
        return max(version - self.lowest + 1, 0)

    def _inner_place(self, table: str, value: Any) -> Any:
        """Return the place of a row that is named inside a value; what is no id stays."""
        if table == "expenses.ModelCall":
            return self._places_of(table).find(value, GONE) if isinstance(value, str) else value
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        if table == "expenses.Category" and value in self.categories:
            return f"{SYSTEM}{self.categories[value]}"
        return self._places_of(table).find(value, GONE)

    def _places_of(self, table: str) -> Any:
        if table not in self.places:
            ids = tables()[table].rows(self.ledger.pk).values_list("pk", flat=True).iterator(chunk_size=CHUNK)
            has_numbers = tables()[table].model._meta.pk.get_internal_type() != "UUIDField"
            self.places[table] = _NumberPlaces(ids) if has_numbers else _NamePlaces(ids)
        return self.places[table]

    def _name_people(self) -> list[str]:
        """Number the other people whom rows name, and return their names."""
        ids: set[int] = set()
        for table in tables().values():
            for one in table.fields:
                if reference_of(one) == "accounts.User":
                    ids |= set(table.rows(self.ledger.pk).order_by().values_list(one.attname, flat=True).distinct())
        others = User.objects.filter(pk__in=ids - {None, self.ledger.founder_id}).order_by("username")
        found = list(others.values_list("pk", "username"))
        self.people = {pk: place for place, (pk, _) in enumerate(found, 1)}
        return [name for _, name in found]

    def _lowest_version(self) -> int:
        """Return the lowest version of any row; one above the ledger's where it has none."""
        lowest = self.ledger.version + 1
        for table, name in version_columns():
            rows = table.rows(self.ledger.pk).order_by()
            found = rows.filter(**{f"{name}__gt": 0}).aggregate(lowest=Min(name))["lowest"]
            lowest = min(lowest, found or lowest)
        return lowest


def _status_of_run(status: str) -> str:
    """Return the status of a run. One at work has no worker after a restore, and waits for another."""
    return RunStatus.PENDING.value if status == RunStatus.RUNNING else status


class _NumberPlaces:
    """The places of ids that are numbers: 8 bytes each."""

    def __init__(self, ids: Iterator[int]) -> None:
        self.ids = array("q", ids)

    def find(self, pk: int, default: int | None = None) -> int:
        """Return the place, from 1. Raises LookupError without a default."""
        at = bisect_left(self.ids, pk)
        if at < len(self.ids) and self.ids[at] == pk:
            return at + 1
        if default is None:
            raise LookupError(f"row {pk} is not in the ledger")
        return default


class _NamePlaces:
    """The places of ids that are UUIDs."""

    def __init__(self, ids: Iterator[Any]) -> None:
        self.ids: Mapping[str, int] = {str(pk): place for place, pk in enumerate(ids, 1)}

    def find(self, pk: Any, default: int | None = None) -> int:
        """Return the place, from 1. Raises LookupError without a default."""
        found = self.ids.get(str(pk), default)
        if found is None:
            raise LookupError(f"row {pk} is not in the ledger")
        return found


def _copy(source: IO[bytes] | Any, target: IO[bytes]) -> None:
    while chunk := source.read(COPIED_AT_ONCE):
        target.write(chunk)
