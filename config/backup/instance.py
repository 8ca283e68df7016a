"""Backup of the whole instance: database, files and key in one archive, which can be checked and restored."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.models import User
from config.backup import databases
from config.backup.databases import DatabaseFault
from config.backup.form import SEAL_LENGTH
from config.backup.writing import COPIED_AT_ONCE, FIRST_DAY, add_file, seal, seal_of
from expenses.services.life_signs import WORKER, find_held, hold

FORMAT, FORMAT_VERSION = "outlay-instance", 1
MANIFEST, KEY, FILES = "manifest.json", "secret_key", "files/"
#: The name of an archive tells when it was made, in UTC.
ARCHIVE = re.compile(r"outlay-(\d{4}-\d{2}-\d{2}T\d{6}Z)\.zip")
NAME = "outlay-%Y-%m-%dT%H%M%SZ.zip"
#: An archive that is being written has another name until it is whole.
UNFINISHED = ".unfinished"
#: The process that makes an archive holds this name.
HELD = "backup"

#: What is done, and how much of it, from 0 to 1.
Progress = Callable[[str, float], None]


class ArchiveFault(Exception):
    """An archive that is damaged, strange or does not fit. The sentence tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of an archive, as its manifest names them. `parts` is name → number of bytes and SHA-256."""

    created_at: str
    outlay: str
    database: str
    migrations: frozenset[tuple[str, str]]
    parts: dict[str, tuple[int, str]]

    @property
    def n_files(self) -> int:
        return sum(name.startswith(FILES) for name in self.parts)


def silent(what: str, share: float) -> None:
    """Report no progress."""


def back_up(folder: Path, *, progress: Progress = silent) -> Path:
    """Write an archive of the instance into a folder, and return its path. Raises DatabaseFault, OSError.

    Only one process does so at a time; others wait. A process that is killed leaves no archive, but an unfinished file,
    which the next one deletes.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(HELD, is_alone=True):
        _delete_unfinished(folder)
        target = _free_name(folder)
        draft = target.with_name(target.name + UNFINISHED)
        draft.touch(mode=0o600)
        try:
            with draft.open("r+b") as file:
                _write(file, folder, progress)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    return target


def verify(path: Path, *, progress: Progress = silent) -> Manifest:
    """Read every byte of an archive, and open its database. Raises ArchiveFault, DatabaseFault."""
    with _opened(path) as archive:
        manifest = _read_manifest(path, archive)
        for n, (name, told) in enumerate(manifest.parts.items()):
            progress("Check parts", n / len(manifest.parts))
            if _sum_of(archive, name) != told:
                raise ArchiveFault(f"{path.name} is damaged: {name} is not as it was written. Take another archive.")
        with tempfile.TemporaryDirectory() as folder:
            dumped = Path(folder, "database")
            _extract(archive, databases.NAMES[manifest.database], dumped)
            progress("Open the database", 1.0)
            databases.check(dumped, manifest.database)
    return manifest


def restore(path: Path, *, is_forced: bool = False, progress: Progress = silent) -> Manifest:
    """Put an archive in the place of the instance. Raises ArchiveFault, DatabaseFault, and then changes no row.

    With `is_forced`, an instance that has users is replaced.
    """
    manifest = verify(path, progress=progress)
    if manifest.database != connection.vendor:
        detail = f"{path.name} is of {manifest.database}, and this instance uses {connection.vendor}."
        raise ArchiveFault(f"{detail} Set DATABASE_URL, or move each ledger by export/backup.zip.")
    if unknown := sorted(manifest.migrations - _known_migrations()):
        app, name = unknown[0]
        raise ArchiveFault(
            f"{path.name} is of Outlay {manifest.outlay}, whose database has {app}.{name}. Outlay {settings.VERSION} "
            "does not know it: upgrade it first."
        )
    if not is_forced and _has_users():
        raise ArchiveFault("This instance has users. To replace all of its data, repeat the command with --force.")
    if find_held([WORKER]):
        raise ArchiveFault("A worker of this instance is running. Stop Outlay first, then repeat the command.")
    with _opened(path) as archive, tempfile.TemporaryDirectory() as folder:
        dumped = Path(folder, "database")
        _extract(archive, databases.NAMES[manifest.database], dumped)
        names = [name for name in manifest.parts if name.startswith(FILES)]
        for n, name in enumerate(names):
            progress("Copy files", n / len(names))
            _put(archive, name, Path(settings.MEDIA_ROOT, *PurePosixPath(name).parts[1:]))
        databases.load(dumped, progress=lambda share: progress("Load the database", share))
        if KEY in manifest.parts:
            _put(archive, KEY, settings.DATA_DIR / KEY)
    return manifest


def archives(folder: Path) -> list[Path]:
    """Return the archives of a folder, the oldest first."""
    return sorted(path for path in folder.glob("*.zip") if ARCHIVE.fullmatch(path.name))


def age_of_newest(folder: Path) -> timedelta | None:
    """Return the time since the newest archive of a folder; None without one."""
    found = archives(folder)
    if not found:
        return None
    match = ARCHIVE.fullmatch(found[-1].name)
    assert match is not None  # noqa: S101 - archives() has matched it
    return timezone.now() - datetime.strptime(match[1], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)


def back_up_if_due() -> Path | None:
    """Write the scheduled archive if the newest one is old enough, and delete the oldest. Return its path, or None."""
    folder: Path = settings.BACKUP_FOLDER
    if not _is_due(folder) or find_held([HELD]):
        return None
    with hold(f"{HELD}-schedule", is_alone=True):
        if not _is_due(folder):  # another worker was quicker
            return None
        made = back_up(folder)
    for path in archives(folder)[: -settings.BACKUP_KEEP]:
        path.unlink(missing_ok=True)
    return made


def _delete_unfinished(folder: Path) -> None:
    """Delete what killed processes left: drafts of archives, and folders with a copy of the database."""
    for path in folder.glob(f"*{UNFINISHED}"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_due(folder: Path) -> bool:
    age = age_of_newest(folder)
    return bool(settings.BACKUP_EVERY) and (age is None or age >= settings.BACKUP_EVERY)


def _free_name(folder: Path) -> Path:
    """Return a path that no archive has. Two in one second would have the same name."""
    moment = timezone.now()
    while (path := folder / moment.strftime(NAME)).exists():
        moment += timedelta(seconds=1)
    return path


def _write(file: IO[bytes], folder: Path, progress: Progress) -> None:
    """Write the database first and the files second: a file without a row does no harm."""
    parts: dict[str, tuple[int, str]] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".", suffix=UNFINISHED) as scratch:
            dumped = Path(scratch, "database")
            databases.dump(dumped, progress=lambda share: progress("Copy the database", share))
            parts[databases.NAMES[connection.vendor]] = _add(archive, databases.NAMES[connection.vendor], dumped)
        root = Path(settings.MEDIA_ROOT)
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        for n, path in enumerate(paths):
            progress("Copy files", n / len(paths))
            name = f"{FILES}{path.relative_to(root).as_posix()}"
            try:
                parts[name] = _add(archive, name, path)
            except FileNotFoundError:  # its row was deleted meanwhile
                continue
        if (settings.DATA_DIR / KEY).exists():
            parts[KEY] = _add(archive, KEY, settings.DATA_DIR / KEY)
        told = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "created_at": timezone.now().isoformat(),
            "outlay": settings.VERSION,
            "database": connection.vendor,
            "migrations": sorted(map(list, MigrationRecorder(connection).applied_migrations())),
            "parts": [{"name": name, "n": n, "sha256": digest} for name, (n, digest) in parts.items()],
        }
        archive.writestr(zipfile.ZipInfo(MANIFEST, FIRST_DAY), json.dumps(told, indent=1))
        archive.comment = b"0" * SEAL_LENGTH
    seal(file)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[int, str]:
    with path.open("rb") as source:
        return add_file(archive, name, source)


class _opened:  # noqa: N801 - used as a function
    """Open an archive for reading. Raises ArchiveFault for a file that is none, also while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self.file = self.path.open("rb")
        except OSError as error:
            raise ArchiveFault(f"{self.path} cannot be read: {error.strerror}.") from None
        try:
            self.archive = zipfile.ZipFile(self.file)
            is_sealed = len(self.archive.comment) == SEAL_LENGTH and seal_of(self.file).encode() == self.archive.comment
        except (zipfile.BadZipFile, OSError, ValueError):
            is_sealed = False
        if not is_sealed:
            self.file.close()
            raise ArchiveFault(f"{self.path.name} is no whole archive of Outlay. Take another one.")
        return self.archive

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.archive.close()
        self.file.close()
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError):
            raise ArchiveFault(f"{self.path.name} is damaged: {error}. Take another archive.") from None


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    fault = ArchiveFault(f"{path.name} is no archive of Outlay: its list of parts is wrong.")
    try:
        told = json.loads(archive.read(MANIFEST))
        is_newer = told["format"] == FORMAT and told["version"] > FORMAT_VERSION
        parts = {str(one["name"]): (int(one["n"]), str(one["sha256"])) for one in told["parts"]}
        migrations = frozenset((str(app), str(name)) for app, name in told["migrations"])
        manifest = Manifest(str(told["created_at"]), str(told["outlay"]), told["database"], migrations, parts)
        has_database = told["format"] == FORMAT and databases.NAMES[manifest.database] in parts
    except (KeyError, ValueError, TypeError):
        raise fault from None
    if is_newer:
        detail = f"{path.name} has the format version {told['version']}, of Outlay {manifest.outlay}"
        raise ArchiveFault(f"{detail}. Outlay {settings.VERSION} reads up to {FORMAT_VERSION}: upgrade it first.")
    names = archive.namelist()
    if not has_database or sorted(names) != sorted([*parts, MANIFEST]) or not all(map(_is_plain, names)):
        raise fault
    return manifest


def _is_plain(name: str) -> bool:
    """Return True for the name of a file below the folder where it is put."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and "\\" not in name and ".." not in parts


def _sum_of(archive: zipfile.ZipFile, name: str) -> tuple[int, str]:
    digest, n = hashlib.sha256(), 0
    for chunk in _chunks(archive, name):
        digest.update(chunk)
        n += len(chunk)
    return n, digest.hexdigest()


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with target.open("wb") as file:
        for chunk in _chunks(archive, name):
            file.write(chunk)


def _put(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    """Write a file in one step, readable by its owner alone."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(target.name + UNFINISHED)
    draft.touch(mode=0o600)
    _extract(archive, name, draft)
    draft.replace(target)


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as source:
        while chunk := source.read(COPIED_AT_ONCE):
            yield chunk


def _known_migrations() -> set[tuple[str, str]]:
    loader = MigrationExecutor(connection).loader
    replaced = {one for migration in loader.disk_migrations.values() for one in migration.replaces}
    return {*loader.disk_migrations, *replaced}


def _has_users() -> bool:
    """Return True if somebody uses the instance. A database without tables has nobody."""
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


__all__ = [
    "ArchiveFault",
    "DatabaseFault",
    "age_of_newest",
    "archives",
    "back_up",
    "back_up_if_due",
    "restore",
    "verify",
]
