"""Reads the backup of a ledger and checks all of it: nothing in a file is believed, whoever wrote it."""

import hashlib
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.models import NOT_PROVIDED, FileField, UUIDField

from accounts.models import PREFERENCES as PREFERENCE_FIELDS
from accounts.models import User
from accounts.serializers import PreferencesSerializer
from config.backup.form import (
    DOCUMENT,
    END,
    FILES,
    FORMAT,
    FORMAT_VERSION,
    GONE,
    LONGEST_LINE,
    LONGEST_LIST,
    PEOPLE,
    PREFERENCES,
    SYSTEM,
)
from config.backup.references import IDS
from config.backup.rules import CHECKS
from config.backup.tables import RESTORE_KIND, Table, is_version, plural, reference_of, system_categories, tables
from config.backup.values import Convert, WrongValue, reader_of
from config.backup.writing import COPIED_AT_ONCE, BackupPart, seal_of

#: Rows of all parts, and versions, stay far below the numbers that a database keeps.
MOST = 2**53
SHA256 = re.compile(r"[0-9a-f]{64}")
ZIP_MARK = b"PK\x03\x04"


class BadBackup(Exception):
    """A file that is no backup, or not as it was written. The sentence names the part, and says what to do."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a backup."""

    created_at: str
    outlay: str
    parts: Mapping[str, BackupPart]

    @property
    def tables(self) -> list[BackupPart]:
        return [part for part in self.parts.values() if not part.name.startswith(FILES)]

    @property
    def n_rows(self) -> int:
        """Return the number of rows of all tables."""
        return sum(part.n for part in self.tables if part.name in tables())

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of rows by the plural name of what they are, and the number of files."""
        known = tables()
        counts: dict[str, int] = {}
        for part in self.tables:
            if part.name in known and part.n and not known[part.name].is_silent:
                counts[plural(known[part.name].model)] = part.n
        n_files = len(self.parts) - len(self.tables)
        return counts | ({"files": n_files} if n_files else {})


class Backup:
    """A backup that is open for reading, from its start."""

    def __init__(self, document: IO[bytes], archive: zipfile.ZipFile | None) -> None:
        self._document, self._archive = document, archive
        self.head = self._read_head()
        self._refuse_strange_entries()

    def parts(self) -> "Iterator[tuple[BackupPart, list[str], Iterator[list[Any]]]]":
        """Yield each part with its columns and its rows, once, in the order of the file. Raises BadBackup."""
        expected = self.head.tables
        for at, part in enumerate(expected):
            if at:
                self._require(b",\n", part.name)
            reading = _PartReading(self._document, part)
            yield part, reading.columns, reading.rows()
            reading.finish()
        self._require_end(expected[-1].name)

    def check_sums(self) -> None:
        """Compare every part and every file with its checksum. Raises BadBackup."""
        expected = self.head.tables
        for at, part in enumerate(expected):
            if at:
                self._require(b",\n", part.name)
            _PartReading(self._document, part).skip()
        self._require_end(expected[-1].name)
        for part in self.head.parts.values():
            if part.name.startswith(FILES):
                digest = hashlib.sha256()
                n = 0
                with self.open_file(part.name) as source:
                    for chunk in _chunks(source, part.name):
                        digest.update(chunk)
                        n += len(chunk)
                if (n, digest.hexdigest()) != (part.n, part.sha256):
                    raise _changed(part.name)

    def open_file(self, name: str) -> IO[bytes]:
        """Return a file of the zip. Raises BadBackup."""
        assert self._archive is not None  # noqa: S101 - only heads of zips name files
        return self._archive.open(name)

    def _require(self, expected: bytes, part: str) -> None:
        if self._document.read(len(expected)) != expected:
            raise _changed(part)

    def _require_end(self, part: str) -> None:
        self._require(END, part)
        if self._document.read(1):
            raise _changed(part)

    def _read_head(self) -> Head:
        lines = [self._document.readline(LONGEST_LIST + 1) for _ in range(4)]
        above = b"".join(lines[:2])
        if not lines[0].startswith(f'{{"format":"{FORMAT}",'.encode()) or not lines[1].startswith(b'"parts":['):
            raise BadBackup("This is no backup of a ledger: it does not begin as one.", code="no_backup")
        try:
            found = _parse(above[:-2] + b"}")
        except ValueError:
            raise _changed("head") from None
        version = found.get("version")
        made_by = found.get("outlay")
        if type(version) is int and version > FORMAT_VERSION:
            raise BadBackup(
                f"This backup has the format version {version}, of Outlay {made_by}. Outlay {settings.VERSION} reads "
                f"versions up to {FORMAT_VERSION}: upgrade it first.",
                code="newer_version",
            )
        if lines[2:] != [f'"sha256":"{hashlib.sha256(above).hexdigest()}",\n'.encode(), b'"data":{\n']:
            raise _changed("head")
        if found.keys() != {"format", "version", "created_at", "outlay", "parts"} or version != FORMAT_VERSION:
            raise _wrong("head", "it does not name format, version, created_at, outlay and parts")
        parts = _parts(found["parts"])
        return Head(str(found["created_at"]), str(found["outlay"]), parts)

    def _refuse_strange_entries(self) -> None:
        names = {name for name in self.head.parts if name.startswith(FILES)}
        known = tables()
        wanted = {PEOPLE, PREFERENCES, "expenses.Ledger"}
        listed = set(self.head.parts) - names
        if missing := sorted(wanted - listed):
            raise _wrong("head", f"the part {missing[0]} is missing")
        if strange := sorted(listed - wanted - known.keys()):
            raise _strange(strange[0], self.head.outlay)
        if self.head.parts[PREFERENCES].n != 1 or self.head.parts["expenses.Ledger"].n != 1:
            raise _wrong("head", "preferences and expenses.Ledger have one row each")
        if self._archive is None and names:
            raise BadBackup("This backup names files: send the whole zip, not backup.json alone.", code="needs_zip")
        if self._archive is not None:
            entries = {info.filename for info in self._archive.infolist()} - {DOCUMENT}
            if entries != names:
                first = min(entries ^ names)
                raise BadBackup(f"The zip and its list of parts differ at {first}.", code="changed")


@contextmanager
def open_backup(source: IO[bytes]) -> Iterator[Backup]:
    """Open a backup: `backup.json` or `backup.zip`. Raises BadBackup."""
    source.seek(0)
    is_zip = source.read(4) == ZIP_MARK
    source.seek(0)
    if not is_zip:
        yield Backup(source, None)
        return
    try:
        _refuse_long_directory(source)
        with zipfile.ZipFile(source) as archive:
            if archive.comment and archive.comment != seal_of(source).encode():
                raise BadBackup("The zip is not as it was written. Download the backup again.", code="changed")
            size = sum(info.file_size for info in archive.infolist())
            if size > settings.RESTORE_MAX_BYTES:
                raise too_large()
            if len({info.filename for info in archive.infolist()}) < len(archive.infolist()):
                raise BadBackup("The zip names a file twice.", code="changed")
            if DOCUMENT not in archive.namelist():
                raise BadBackup(f"This is no backup of a ledger: the zip has no {DOCUMENT}.", code="no_backup")
            with archive.open(DOCUMENT) as document:
                yield Backup(document, archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        detail = f"The zip cannot be read ({error}). Download the backup again."
        raise BadBackup(detail, code="changed") from None


def _refuse_long_directory(source: IO[bytes]) -> None:
    """Raise BadBackup if a zip lists more files than any ledger has: its directory is read into the memory at once."""
    end = zipfile._EndRecData(source)  # type: ignore[attr-defined] # noqa: SLF001 - there is no public way
    if end and end[zipfile._ECD_SIZE] > LONGEST_LIST:  # type: ignore[attr-defined] # noqa: SLF001
        raise BadBackup("This is no backup of a ledger: the zip lists too many files.", code="no_backup")
    source.seek(0)


def too_large() -> BadBackup:
    """Return the refusal of a backup above the limit of this server."""
    megabytes = settings.RESTORE_MAX_BYTES // 1024**2
    detail = f"The backup has more than {megabytes} MB; the operator can raise OUTLAY_RESTORE_MAX_MB."
    return BadBackup(detail, code="too_large")


class _PartReading:
    """One part that is being read, line by line, with its checksum."""

    def __init__(self, document: IO[bytes], part: BackupPart) -> None:
        self._document, self._part, self._digest, self._has_ended = document, part, hashlib.sha256(), False
        line = self._line()
        start, end = f"{json.dumps(part.name)}:".encode(), b',"rows":[\n'
        if not line.startswith(start + b'{"columns":[') or not line.endswith(end):
            raise _changed(part.name)
        try:
            self.columns = _parse(line[len(start) : -len(end)] + b"}")["columns"]
        except ValueError:
            raise _changed(part.name) from None
        if not all(isinstance(one, str) for one in self.columns) or len(set(self.columns)) < len(self.columns):
            raise _wrong(part.name, "its columns are not different names")

    def rows(self) -> Iterator[list[Any]]:
        for n in range(1, self._part.n + 1):
            line = self._line()
            text = line[:-2] if n < self._part.n else line[:-1]
            if line[len(text) :] != (b",\n" if n < self._part.n else b"\n"):
                raise _changed(self._part.name)
            try:
                row = _parse(text)
            except (ValueError, RecursionError):
                raise _changed(self._part.name) from None
            if not isinstance(row, list) or len(row) != len(self.columns):
                raise _wrong(self._part.name, f"row {n} has not the {len(self.columns)} values of its columns")
            yield row
        self._end()

    def skip(self) -> None:
        """Read on to the end of the part, and believe nothing but its checksum. Raises BadBackup."""
        for _ in range(self._part.n):
            if not self._line():
                raise _changed(self._part.name)
        self._end()

    def finish(self) -> None:
        """Read on to the end of the part. Raises BadBackup unless it is as it was written."""
        if not self._has_ended:
            for _ in self.rows():  # nobody wanted them
                pass

    def _end(self) -> None:
        self._has_ended = True
        end = self._document.read(2)
        self._digest.update(end)
        if end != b"]}" or self._digest.hexdigest() != self._part.sha256:
            raise _changed(self._part.name)

    def _line(self) -> bytes:
        line = self._document.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise _wrong(self._part.name, "a line of it is too long")
        self._digest.update(line)
        return line


class Targets:
    """The rows that references of a backup mean: counts while it is checked, new ids while it is restored."""

    def __init__(self, head: Head, *, founder: int, version: int = 0, members: Mapping[str, int] | None = None) -> None:
        self._head, self._founder, self._members = head, founder, members or {}
        self._people: list[int] = []
        self._categories = {f"{SYSTEM}{key}": pk for pk, key in system_categories().items()}
        #: Versions of the backup come after the present one of the ledger.
        self.version = version
        #: Table → the new ids of its rows, in their order; none while a backup is checked.
        self.ids: dict[str, Sequence[Any]] = {}

    def name_people(self, names: Sequence[str]) -> None:
        """Take the names of other people. Those who are no members of the ledger become its founder."""
        self._people = [self._members.get(name, self._founder) for name in names]

    def person(self, place: Any) -> int:
        """Return the id of a person. Raises WrongValue."""
        if type(place) is not int or not 0 <= place <= len(self._people):
            raise WrongValue("the place of a person")
        return self._people[place - 1] if place else self._founder

    def reader_of_reference(self, table: str) -> Convert:
        """Return the function that makes an id of a place. It raises WrongValue."""
        part = self._head.parts.get(table)
        n = part.n if part is not None else 0
        ids = self.ids.get(table)

        def read(place: Any) -> Any:
            if type(place) is not int or not 1 <= place <= n:
                raise WrongValue(f"the place of one of {n} rows of {table}")
            return place if ids is None else ids[place - 1]

        if table != "expenses.Category":
            return read

        def read_category(place: Any) -> Any:
            if not isinstance(place, str):
                return read(place)
            if place not in self._categories:
                raise WrongValue("a category that this version of Outlay knows")
            return self._categories[place]

        return read_category

    def inner(self, table: str, value: Any) -> Any:
        """Return the id of a place that is named inside a value. What names no row stays. Raises WrongValue.

        Nothing stays that a database would take for an id.
        """
        if value is None or isinstance(value, bool) or value == GONE:
            return value
        if type(value) is int:
            found = self.reader_of_reference(table)(value)
            return str(found) if table == "expenses.ModelCall" else found
        if table == "expenses.Category" and isinstance(value, str):
            if value.startswith(SYSTEM):
                return self.reader_of_reference(table)(value)
            if value.isalpha():  # such as `all`
                return value
        raise WrongValue("the place of a row inside it")

    def raised(self, value: Any) -> int:
        """Return a version as this ledger counts them. Raises WrongValue."""
        if type(value) is not int or not 0 <= value <= MOST:
            raise WrongValue("a version")
        return value + self.version if value else 0


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column of the database with the function that reads its values; at None it is not in the file."""

    column: str
    at: int | None
    read: Convert


class RowReader:
    """Makes rows of the database of the rows of a part."""

    def __init__(self, table: Table, columns: Sequence[str], targets: Targets, *, outlay: str) -> None:
        self.table, self.targets = table, targets
        fields = {one.name: one for one in table.fields}
        if strange := sorted(set(columns) - fields.keys()):
            raise _strange(f"{table.name}.{strange[0]}", outlay)
        self.columns = [
            ReadColumn(
                one.column,
                columns.index(name) if name in columns else None,
                self._reader(one, is_given=name in columns),
            )
            for name, one in fields.items()
        ]
        self._names = columns
        self.n = 0

    def __call__(self, row: Sequence[Any]) -> list[Any]:
        """Return what the database keeps, in the order of `columns`. Raises BadBackup."""
        self.n += 1
        self._row = row
        try:
            return [one.read(row[one.at] if one.at is not None else None) for one in self.columns]
        except WrongValue as error:
            for one in self.columns:  # a row that is wrong may take its time
                try:
                    one.read(row[one.at] if one.at is not None else None)
                except WrongValue:
                    detail = f"row {self.n} has no valid {one.column}: {error} is needed"
                    raise _wrong(self.table.name, detail) from None
            raise

    def _reader(self, one: Any, *, is_given: bool) -> Convert:
        if not is_given:
            return self._default_reader(one)
        read, name = self._value_reader(one), f"{self.table.name}.{one.name}"
        if name in CHECKS:
            read = _checked(CHECKS[name], read)
        if name in IDS:
            read = self._with_inner(read, IDS[name])
        if one.null:
            return lambda value: None if value is None else read(value)
        if isinstance(one, FileField):
            return lambda value: "" if value is None else read(value)
        return read

    def _value_reader(self, one: Any) -> Convert:
        reference = reference_of(one)
        if reference == "accounts.User":
            return self.targets.person
        if reference:
            read = self.targets.reader_of_reference(reference)
            has_uuids = isinstance(one.target_field, UUIDField)
            return (lambda place: one.get_db_prep_save(read(place), connection)) if has_uuids else read
        if isinstance(one, FileField):
            return self._file
        if is_version(one):
            return self.targets.raised
        return _kind_of_run if str(one) == "expenses.Run.kind" else reader_of(one)

    def _with_inner(self, read: Convert, find: Callable[..., Any]) -> Convert:
        needs_row = self.table.name == "expenses.Run"

        def read_with(value: Any) -> Any:
            row = dict(zip(self._names, self._row, strict=True)) if needs_row else {}
            try:
                return read(find(value, self.targets.inner, row))
            except WrongValue:
                raise
            except ValueError:  # OddShape, or a number of thousands of digits
                raise WrongValue("a value as Outlay makes it") from None

        return read_with

    def _file(self, value: Any) -> str:
        """Return the name of a file in the zip; restoring puts its new name here."""
        if not isinstance(value, str) or value not in self.targets._head.parts or not value.startswith(FILES):  # noqa: SLF001
            raise WrongValue("a file of this backup")
        return value

    def _default_reader(self, one: Any) -> Convert:
        if one.default is NOT_PROVIDED and not one.null and not one.blank:
            raise _wrong(self.table.name, f"the column {one.name} is missing")
        return lambda value: one.get_db_prep_save(one.get_default(), connection)


def _checked(check: Callable[[Any], None], read: Convert) -> Convert:
    def read_checked(value: Any) -> Any:
        check(value)
        return read(value)

    return read_checked


def _kind_of_run(value: Any) -> str:
    """Return the kind of a run. Raises WrongValue for one that no worker knows, or that is not the ledger's."""
    known = settings.RUN_WORK.keys() - {RESTORE_KIND}
    if not isinstance(value, str) or value not in known:
        raise WrongValue(f"one of {', '.join(sorted(known))}")
    return value


def check(source: IO[bytes], *, progress: Callable[[int], None] = lambda n: None) -> Head:
    """Check every byte and every value of a backup, and store nothing. Return its head. Raises BadBackup."""
    with open_backup(source) as backup:
        backup.check_sums()
    with open_backup(source) as backup:
        _check_values(backup, progress)
        return backup.head


def _check_values(backup: Backup, progress: Callable[[int], None]) -> None:
    targets = Targets(backup.head, founder=0)
    for part, columns, rows in backup.parts():
        if part.name not in tables():
            _check_own_part(part, columns, rows, targets)
            continue
        read = RowReader(tables()[part.name], columns, targets, outlay=backup.head.outlay)
        for n, row in enumerate(rows, 1):
            read(row)
            if not n % 5000:
                progress(5000)
        progress(part.n % 5000)


def read_people(columns: Sequence[str], rows: Iterator[list[Any]]) -> list[str]:
    """Return the names of other people who wrote in the ledger. Raises BadBackup."""
    names = [row[0] for row in rows]
    if list(columns) != ["username"] or not all(isinstance(name, str) for name in names):
        raise _wrong(PEOPLE, "each row is a username")
    return names


def read_preferences(columns: Sequence[str], rows: Iterator[list[Any]]) -> dict[str, Any]:
    """Return the preferences of the founder. Raises BadBackup."""
    values = dict(zip(columns, next(rows), strict=True))
    for _ in rows:
        pass
    serializer = PreferencesSerializer(User(), data=values, partial=True)
    if not serializer.is_valid() or not set(columns) <= set(PREFERENCE_FIELDS):
        raise _wrong(PREFERENCES, "it holds no valid preferences")
    return dict(serializer.validated_data)


def _check_own_part(part: BackupPart, columns: Sequence[str], rows: Iterator[list[Any]], targets: Targets) -> None:
    if part.name == PEOPLE:
        targets.name_people(read_people(columns, rows))
    else:
        read_preferences(columns, rows)


def _parts(given: Any) -> dict[str, BackupPart]:
    parts: dict[str, BackupPart] = {}
    listed: list[Any] = given if isinstance(given, list) else [None]
    for one in listed:
        is_whole = isinstance(one, dict) and one.keys() == {"name", "n", "sha256"} and isinstance(one["name"], str)
        if not is_whole or type(one["n"]) is not int or not 0 <= one["n"] <= MOST or one["name"] in parts:
            raise _wrong("head", "its list of parts is not one of different names with n and sha256")
        if not isinstance(one["sha256"], str) or not SHA256.fullmatch(one["sha256"]):
            raise _wrong("head", f"{one['name']} has no SHA-256")
        parts[one["name"]] = BackupPart(one["name"], one["n"], one["sha256"])
    return parts


def _parse(text: bytes) -> Any:
    """Return the JSON value. Raises ValueError, also for numbers that JSON does not have."""
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_float)
    except RecursionError:
        raise ValueError("too deep") from None


def _no_number(name: str) -> float:
    raise ValueError(name)


def _float(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def _chunks(source: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        while chunk := source.read(COPIED_AT_ONCE):
            yield chunk
    except zipfile.BadZipFile:
        raise _changed(name) from None


def _changed(part: str) -> BadBackup:
    detail = f"The part {part} is not as it was written: its SHA-256 differs. Download the backup again."
    return BadBackup(detail, code="changed")


def _wrong(part: str, fault: str) -> BadBackup:
    return BadBackup(f"The part {part} cannot be restored: {fault}.", code="invalid_backup")


def _strange(name: str, outlay: str) -> BadBackup:
    detail = (
        f"This backup of Outlay {outlay} has {name}, which Outlay {settings.VERSION} does not know: upgrade it first."
    )
    return BadBackup(detail, code="newer_version")
