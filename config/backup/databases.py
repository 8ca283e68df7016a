"""Copies of the whole database as one file: SQLite while it is used, PostgreSQL by its own programs."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

Progress = Callable[[float], None]
#: The name of the copy in an archive, by the kind of the database.
NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
#: Where Debian keeps the programs of each version of PostgreSQL.
PROGRAMS = Path("/usr/lib/postgresql")
#: Pages of SQLite that are copied between two reports.
PAGES = 4096
#: Deletes every table, also those that a newer release has added: `pg_restore --clean` knows only those of the copy.
DROP_TABLES = """DO $$ DECLARE name text; BEGIN
FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
EXECUTE format('DROP TABLE %I CASCADE', name); END LOOP; END $$"""


class DatabaseFault(Exception):
    """A database that cannot be copied, read or restored. The sentence tells the operator what to do."""


def dump(target: Path, *, progress: Progress) -> None:
    """Copy the database as it is now into a new file. Writers go on meanwhile. Raises DatabaseFault."""
    if connection.vendor == "postgresql":
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", *_address())
        progress(1.0)
        return
    with _faults(), closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=60)) as source:
        source.execute("BEGIN")  # the copy is of this moment, whoever writes meanwhile
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=PAGES, progress=_reporter(progress))
            copy.execute("PRAGMA journal_mode=DELETE")


def check(dumped: Path, vendor: str) -> None:
    """Open a copy and look whether it is whole. Raises DatabaseFault."""
    if vendor == "postgresql":
        _run("pg_restore", "--list", str(dumped))
        return
    try:
        with closing(sqlite3.connect(f"file:{dumped}?mode=ro", uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check")]
            broken = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise DatabaseFault(f"The database of the archive cannot be opened: {error}.") from None
    if found != ["ok"]:
        raise DatabaseFault(f"The database of the archive is damaged: {found[0]}.")
    if broken is not None:
        raise DatabaseFault(f"The database of the archive is damaged: a row of {broken[0]} refers to none.")


def load(dumped: Path, *, progress: Progress) -> None:
    """Put a copy in the place of the database, in one transaction. Raises DatabaseFault."""
    connection.close()
    if connection.vendor == "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "restore.sql")
            _run("pg_restore", "--no-owner", f"--file={script}", str(dumped))
            options = ("--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1")
            _run("psql", *options, *_address(), f"--command={DROP_TABLES}", f"--file={script}")
        progress(1.0)
        return
    with (
        _faults(),
        closing(sqlite3.connect(dumped)) as source,
        closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=60)) as target,
    ):
        source.backup(target, pages=-1, progress=_reporter(progress))
        target.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _faults() -> Iterator[None]:
    """Tell the operator of SQLite's errors, such as a full disk. Raises DatabaseFault."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseFault(f"SQLite failed: {error}.") from None


def _reporter(progress: Progress) -> Callable[[int, int, int], None]:
    return lambda status, remaining, total: progress(1 - remaining / max(total, 1))


def _address() -> list[str]:
    """Return the options of PostgreSQL's programs that name the database; the password is in the environment."""
    known = connection.settings_dict
    options = {"host": known["HOST"], "port": known["PORT"], "username": known["USER"], "dbname": known["NAME"]}
    return ["--no-password", *(f"--{name}={value}" for name, value in options.items() if value)]


def _run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL. Raises DatabaseFault where it is missing or fails."""
    found = shutil.which(program) or next(map(str, sorted(PROGRAMS.glob(f"*/bin/{program}"))[-1:]), "")
    if not found:
        raise DatabaseFault(f"{program} is not installed. Install PostgreSQL's client programs (postgresql-client).")
    done = subprocess.run(  # noqa: S603 - our own arguments
        [found, *arguments],
        env=os.environ | _secrets(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseFault(f"{program} failed: {' '.join(done.stderr.split())[:500] or done.returncode}.")


def _secrets() -> Mapping[str, str]:
    password = connection.settings_dict.get("PASSWORD")
    return {"PGPASSWORD": str(password)} if password else {}
