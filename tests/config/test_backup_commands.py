"""The whole instance is backed up while it is used, checked, wiped and restored."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone

from config.backup import databases, instance
from config.backup.writing import seal
from expenses.services.life_signs import WORKER, hold
from tests.databases import new_instance

FILL = """
from django.core.management import call_command
call_command("prepare")
from accounts.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
User.objects.create_user(username="ana", email="ana@example.org", password="blue-Tomato-99")
default_storage.save("attachments/1/receipt", ContentFile(b"a receipt"))
"""
#: Dies by `kill -9` in the middle of a backup: after the database is copied, in the archive, and before it is whole.
BACK_UP_AND_DIE = """
import os, signal
from pathlib import Path
from config.backup import databases, instance

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(action):
    return lambda *args, **kwargs: (action(*args, **kwargs), die())

databases.dump = then_die(databases.dump) if {at} == 0 else databases.dump
instance._add = then_die(instance._add) if {at} == 1 else instance._add
instance.seal = die if {at} == 2 else instance.seal
instance.back_up(Path({folder!r}))
"""
ADD_TABLE = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE of_a_newer_release (user_id bigint REFERENCES accounts_user (id))")
"""
COUNT = """
from django.db import connection
assert "of_a_newer_release" not in connection.introspection.table_names()
from accounts.models import User
from django.core.files.storage import default_storage
print(User.objects.count(), default_storage.exists("attachments/1/receipt"))
"""


def manage(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py`, and return how it ended."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", *command],
        cwd=project.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def done(environment: dict[str, str], *command: str) -> str:
    """Run a command that succeeds, and return its last line."""
    found = manage(environment, *command)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip().splitlines()[-1] if found.stdout.strip() else ""


def refused(environment: dict[str, str], *command: str) -> str:
    """Run a command that fails with exit code 1, and return its error."""
    found = manage(environment, *command)
    assert found.returncode == 1, found.stdout
    return found.stderr.strip().removeprefix("CommandError: ")


@pytest.mark.timeout(300)
def test_an_instance_is_backed_up_wiped_and_restored(tmp_path):
    folder, own_key = tmp_path / "archives", {"OUTLAY_SECRET_KEY": ""}
    with new_instance(tmp_path / "first") as given:
        first = given | own_key
        Path(first["OUTLAY_DATA_DIR"]).mkdir()
        done(first, "shell", "-v", "0", "-c", FILL)
        said = done(first, "backup", str(folder))
        (archive,) = folder.iterdir()
        assert said.startswith(f"{archive}, ")
        assert said.endswith(" MB.")
        assert archive.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(archive) as packed:
            sizes = [(one.compress_size, one.file_size) for one in packed.infolist()]
        kind = "postgresql" if "postgres" in first["DATABASE_URL"] else "sqlite"
        share = 1 if kind == "postgresql" else 0.5  # pg_dump has compressed its file already
        assert sum(packed for packed, _ in sizes) < sum(whole for _, whole in sizes) * share
        told = done(first, "verify", str(archive))
        assert told.startswith(f"{archive.name} is whole: Outlay 0.1.0 on {kind}, 1 files, 20")
        assert refused(first, "restore", str(archive)) == (
            "Nothing was restored. This instance has users. "
            "To replace all of its data, repeat the command with --force."
        )
        key = Path(first["OUTLAY_DATA_DIR"], "secret_key").read_text()
    with new_instance(tmp_path / "second") as given:
        second = given | own_key
        Path(second["OUTLAY_DATA_DIR"]).mkdir()
        for force in ((), ("--force",)):
            if force:
                done(second, "shell", "-v", "0", "-c", ADD_TABLE)
            restored = done(second, "restore", str(archive), *force)
            assert restored.startswith(f"Restored {archive.name} of 20")
            assert restored.endswith(": the database and 1 files.")
        assert done(second, "shell", "-v", "0", "-c", COUNT) == "1 True"
        assert Path(second["OUTLAY_DATA_DIR"], "secret_key").read_text() == key


@pytest.mark.timeout(300)
def test_a_backup_that_is_killed_leaves_no_archive_and_the_next_one_clears_up(tmp_path):
    folder = tmp_path / "archives"
    with new_instance(tmp_path / "data") as given:
        environment = given | {"OUTLAY_SECRET_KEY": ""}
        Path(environment["OUTLAY_DATA_DIR"]).mkdir()
        done(environment, "shell", "-v", "0", "-c", FILL)
        for at in range(3):
            killed = manage(environment, "shell", "-v", "0", "-c", BACK_UP_AND_DIE.format(at=at, folder=str(folder)))
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert instance.archives(folder) == []
            assert list(folder.iterdir()) != []
        done(environment, "backup", str(folder))
        (archive,) = folder.iterdir()
        assert done(environment, "verify", str(archive)).startswith(f"{archive.name} is whole")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="pg_dump sees one moment by itself")
def test_the_copy_of_a_database_is_of_one_moment_whoever_writes_meanwhile(tmp_path, monkeypatch):
    path = tmp_path / "database"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE row (n INTEGER, text TEXT)")
        writer.executemany("INSERT INTO row VALUES (?, ?)", [(n, "x" * 3000) for n in range(200)])
        monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
        monkeypatch.setattr(databases, "PAGES", 10)
        shares: list[float] = []

        def write_meanwhile(share: float) -> None:
            shares.append(share)
            writer.execute("UPDATE row SET n = n + 1000")

        databases.dump(tmp_path / "copy", progress=write_meanwhile)
    assert len(shares) > 10
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert [n for (n,) in copy.execute("SELECT n FROM row ORDER BY n")] == list(range(200))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="it is SQLite that fails")
def test_a_fault_of_the_database_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "nowhere" / "database"))
    with pytest.raises(databases.DatabaseFault) as error:
        databases.dump(tmp_path / "copy", progress=lambda share: None)
    assert str(error.value) == "SQLite failed: unable to open database file."


def test_an_instance_whose_worker_runs_is_not_replaced(folder):
    path = instance.back_up(folder)
    with hold(WORKER), pytest.raises(instance.ArchiveFault) as error:
        instance.restore(path, is_forced=True)
    assert str(error.value) == "A worker of this instance is running. Stop Outlay first, then repeat the command."


def test_an_archive_with_a_changed_byte_or_cut_in_the_middle_is_refused(folder):
    path = instance.back_up(folder)
    content = path.read_bytes()
    changed = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content), 40)]
    for wrong in (*changed, content[: len(content) // 2], b""):
        path.write_bytes(wrong)
        with pytest.raises(instance.ArchiveFault) as error:
            instance.verify(path)
        assert str(error.value) == f"{path.name} is no whole archive of Outlay. Take another one."
    path.unlink()
    with pytest.raises(instance.ArchiveFault) as error:
        instance.restore(path)
    assert str(error.value) == f"{path} cannot be read: No such file or directory."


@pytest.fixture
def folder(settings, tmp_path, monkeypatch, db):
    """A folder of archives, and a data folder with one file; the database is a short text."""
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "files", tmp_path
    settings.BACKUP_FOLDER, settings.BACKUP_EVERY, settings.BACKUP_KEEP = tmp_path / "backups", timedelta(hours=24), 2
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "receipt").write_bytes(b"a receipt")
    monkeypatch.setattr(databases, "dump", lambda target, *, progress: target.write_bytes(b"rows"))
    monkeypatch.setattr(databases, "check", lambda dumped, vendor: None)
    return settings.BACKUP_FOLDER


def archive_of(folder: Path, *, hours_ago: int) -> Path:
    """Make an archive that is some hours old."""
    folder.mkdir(exist_ok=True)
    path = folder / (timezone.now() - timedelta(hours=hours_ago)).strftime(instance.NAME)
    path.write_bytes(b"")
    return path


def test_the_schedule_makes_an_archive_when_the_newest_is_old_and_keeps_some(folder):
    oldest, older = archive_of(folder, hours_ago=60), archive_of(folder, hours_ago=25)
    other = folder / "holiday.zip"
    other.write_bytes(b"")
    made = instance.back_up_if_due()
    assert instance.archives(folder) == [older, made]
    assert not oldest.exists()
    assert other.exists()
    assert instance.back_up_if_due() is None
    assert (instance.age_of_newest(folder) or timedelta.max) < timedelta(minutes=1)


def test_without_a_schedule_nothing_is_made(folder, settings):
    settings.BACKUP_EVERY = timedelta(0)
    assert instance.back_up_if_due() is None
    assert not folder.exists()


def test_a_backup_that_fails_leaves_no_archive(folder, monkeypatch):
    archive_of(folder, hours_ago=1).with_suffix(".zip.unfinished").write_bytes(b"killed")

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(databases, "dump", fail)
    before = instance.archives(folder)
    with pytest.raises(KeyboardInterrupt):
        instance.back_up(folder)
    assert list(folder.iterdir()) == before


def test_an_archive_of_another_database_or_a_newer_release_is_refused(folder, settings, monkeypatch):
    path = instance.back_up(folder)
    assert instance.verify(path).n_files == 1
    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    with monkeypatch.context() as patch:
        patch.setattr(connection, "vendor", other)
        with pytest.raises(instance.ArchiveFault) as error:
            instance.restore(path)
    assert str(error.value) == (
        f"{path.name} is of {connection.vendor}, and this instance uses {other}. "
        "Set DATABASE_URL, or move each ledger by export/backup.zip."
    )
    known = instance._known_migrations() - {("statements", "0001_initial")}
    monkeypatch.setattr(instance, "_known_migrations", lambda: known)
    with pytest.raises(instance.ArchiveFault) as error:
        instance.restore(path)
    assert str(error.value) == (
        f"{path.name} is of Outlay 0.1.0, whose database has statements.0001_initial. Outlay 0.1.0 does not know it: "
        "upgrade it first."
    )


def test_an_archive_names_only_files_below_its_folder(folder):
    path = instance.back_up(folder)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries.pop("manifest.json"))
    manifest["parts"].append({"name": "files/../../evil", "n": 1, "sha256": "0"})
    with path.open("w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in (
                entries | {"files/../../evil": b"x", "manifest.json": json.dumps(manifest).encode()}
            ).items():
                archive.writestr(name, content)
            archive.comment = b"0" * 64
        seal(file)
    with pytest.raises(instance.ArchiveFault, match="its list of parts is wrong"):
        instance.verify(path)


def test_a_program_of_postgresql_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(databases, "PROGRAMS", Path("/nowhere"))
    with pytest.raises(databases.DatabaseFault) as error:
        databases.check(Path("dump"), "postgresql")
    detail = "pg_restore is not installed. Install PostgreSQL's client programs (postgresql-client)."
    assert str(error.value) == detail


def test_health_tells_the_age_of_the_newest_archive(anyone, folder, settings):
    def told() -> tuple[str, str]:
        parts = anyone.get("health/ready/").json()["parts"]
        return next((part["status"], part["detail"]) for part in parts if part["name"] == "backup")

    assert told() == ("failing", "There is no backup yet; is a worker running?")
    archive_of(folder, hours_ago=49)
    assert told() == ("failing", "The newest backup is 49 hours old.")
    archive_of(folder, hours_ago=3)
    assert told() == ("ok", "The newest backup is 3 hours old.")
    settings.BACKUP_EVERY = timedelta(0)
    assert told() == ("off", "No backup is scheduled.")
