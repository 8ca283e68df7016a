"""The importer of zip archives: every member is a statement, and all of them are read as one file."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, ClassVar

from statements.archive.directory import DOCUMENTS, MAGIC, content_of, members_of, names_of
from statements.importer import (
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    ReadingQuestion,
    RowError,
    Skipped,
    StatementRow,
    UnreadableFile,
)
from statements.profile_faults import format_faults, unknown_keys

#: Bytes of all members together, unpacked.
MAX_UNPACKED = 64 << 20
#: What systems put into archives by themselves.
_LITTER_FOLDER = "__MACOSX"
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
_DATABASES = (".sqlite", ".sqlite3", ".db")
_FILES = "files"
_WORD = re.compile(r"[^\W\d_]{3,}")


class ArchiveImporter(Importer):
    """A zip with one or more statements of any formats. `choose` and `named` find the importer of a member."""

    format: ClassVar[str] = "zip"
    title: ClassVar[str] = "zip"

    def __init__(self, choose: Callable[[bytes], Importer], named: Callable[[str], Importer]) -> None:
        self._choose = choose
        self._named = named

    def recognizes(self, data: bytes) -> bool:
        names = [name for name in names_of(data) if not _is_litter(name)]
        is_database = any(name.lower().endswith(_DATABASES) for name in names)
        return bool(names) and not is_database and not DOCUMENTS.intersection(names)

    def n_rows(self, data: bytes) -> int:
        return sum(self._importer_of(name, content).n_rows(content) for name, content in _contents(data))

    def detect(self, data: bytes) -> Reading:
        files: dict[str, Any] = {}
        questions: list[ReadingQuestion] = []
        accounts: dict[str, FileAccount] = {}
        warnings: list[str] = []
        for name, content in _contents(data):
            importer = self._importer_of(name, content)
            try:
                reading = importer.detect(content)
            except UnreadableFile as error:
                raise _of_member(name, error) from None
            files[name] = reading.profile
            warnings += [f"{name}: {warning}" for warning in reading.warnings]
            for question in reading.questions:
                attr = f"{_FILES}.{name}.{question.attr}"
                questions.append(replace(question, attr=attr, detail=f"{name}: {question.detail}"))
            for account in reading.accounts:
                accounts[account.key] = _newer(accounts.get(account.key), account)
        return Reading({"format": self.format, _FILES: files}, [], questions, list(accounts.values()), warnings)

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        for error in self.check_profile(profile, data):
            raise UnreadableFile(error.code, error.detail, attr=error.attr)
        return self._rows(data, _profiles_in(profile))

    def _rows(self, data: bytes, profiles: dict[str, Any]) -> Iterator[StatementRow | RowError | Skipped]:
        """Yield the records of all members. Rows of an earlier member that a later one repeats are skipped."""
        known: Counter[tuple[object, ...]] = Counter()
        owners = self._owners(data, profiles)
        others = _RowsOfOtherFormats()
        for name, content in _contents(data):
            own: Counter[tuple[object, ...]] = Counter()
            file_format = profiles[name]["format"]
            others.begin_member(file_format)
            for record in self._named(file_format).read(content, profiles[name]):
                if isinstance(record, StatementRow):
                    key = _likeness(record)
                    own[key] += 1
                    if own[key] <= known[key] or (owners and others.have(record, record.account or owners[name])):
                        yield Skipped(record.line, "repeated", record.raw)
                        continue
                    yield record
                elif isinstance(record, RowError):
                    yield replace(record, detail=f"{name}: {record.detail}")
                else:
                    yield record
            known |= own

    def _owners(self, data: bytes, profiles: dict[str, Any]) -> dict[str, str]:
        """Return the key of the account that rows of each member belong to if they name none; {} for one format."""
        if len({own["format"] for own in profiles.values()}) < 2:
            return {}
        named = {name: self._named(profiles[name]["format"]).detect(content) for name, content in _contents(data)}
        keys = {name: {account.key for account in reading.accounts} for name, reading in named.items()}
        everyone = {key for own in keys.values() for key in own}
        return {name: _only(own) or _only(everyone) for name, own in keys.items()}

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        contents = dict(_contents(data))
        profiles = _profiles_in(profile)
        known = ", ".join(contents)
        own_keys = {key: value for key, value in profile.items() if not key.startswith(f"{_FILES}.")}
        faults = [*format_faults(profile, self.format), *unknown_keys(own_keys, (_FILES, "format"))]
        for name in profiles:
            if name not in contents:
                detail = f"There is no file “{name}” in the archive. The files are: {known}."
                faults.append(ProfileError(f"{_FILES}.{name}", "unknown_file", detail))
        for name, content in contents.items():
            own = profiles.get(name)
            importer = self._choose(content)
            if not isinstance(own, dict) or own.get("format") != importer.format:
                detail = f"The profile of “{name}” must have the format “{importer.format}”."
                faults.append(ProfileError(f"{_FILES}.{name}", "invalid", detail))
                continue
            for attr, code, detail in importer.check_profile(own, content):
                faults.append(ProfileError(f"{_FILES}.{name}.{attr}", code, f"{name}: {detail}"))
        return faults

    def _importer_of(self, name: str, content: bytes) -> Importer:
        if content.startswith(MAGIC) and self.recognizes(content):
            detail = f"“{name}” is an archive within the archive. Unpack it, and upload the statements inside."
            raise UnreadableFile("nested_archive", detail)
        try:
            return self._choose(content)
        except UnreadableFile as error:
            raise _of_member(name, error) from None


class _RowsOfOtherFormats:
    """Rows of the members so far, to find those that a member of another format has, too.

    Formats word one movement in different ways. Account, day and amount are equal, and the texts share a word.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], list[tuple[str, str, frozenset[str]]]] = {}
        self._format = ""
        self._own: list[tuple[tuple[object, ...], tuple[str, str, frozenset[str]]]] = []
        self._taken: set[tuple[tuple[object, ...], int]] = set()

    def begin_member(self, file_format: str) -> None:
        """Go on with the next member: each row of those before it may be one of its rows."""
        for key, row in self._own:
            self._rows.setdefault(key, []).append(row)
        self._format, self._own, self._taken = file_format, [], set()

    def have(self, row: StatementRow, account: str) -> bool:
        """Return True if a member of another format has the row; else keep it for the members to come."""
        key = (account, row.date, row.amount.normalize())
        words = frozenset(_WORD.findall(f"{row.merchant} {row.description}".casefold()))
        for place, (file_format, currency, known) in enumerate(self._rows.get(key, ())):
            is_alike = not words or not known or bool(words & known)
            is_same = row.currency == currency or not (row.currency and currency)
            if file_format != self._format and is_same and is_alike and (key, place) not in self._taken:
                self._taken.add((key, place))
                return True
        self._own.append((key, (self._format, row.currency, words)))
        return False


def _only(keys: set[str]) -> str:
    return next(iter(keys)) if len(keys) == 1 else ""


def _of_member(name: str, error: UnreadableFile) -> UnreadableFile:
    return UnreadableFile(error.code, f"{name}: {error.detail}")


def _profiles_in(profile: Profile) -> dict[str, Any]:
    """Return the profile of each member. A key such as `files.may.csv.decimal` corrects one key of one member."""
    files = profile.get(_FILES)
    found = (
        {name: dict(own) if isinstance(own, dict) else own for name, own in files.items()}
        if isinstance(files, dict)
        else {}
    )
    for key, value in profile.items():
        if key.startswith(f"{_FILES}."):
            name, _, attr = key.removeprefix(f"{_FILES}.").rpartition(".")
            own = found.setdefault(name, {})
            if isinstance(own, dict):
                own[attr] = value
    return found


def _contents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each member, one at a time. Raises `UnreadableFile`."""
    members = [info for info in members_of(data) if not _is_litter(info.filename)]
    names = Counter(info.filename for info in members)
    for name, n in names.items():
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if n > 1 or ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0] or not name.isprintable():
            detail = "A file in the archive has a name that is unsafe or not unique. Pack the statements again."
            raise UnreadableFile("unsafe_name", detail)
    left = MAX_UNPACKED
    if sum(info.file_size for info in members) > left:
        detail = f"The archive is larger than {MAX_UNPACKED >> 20} MB unpacked. Upload fewer statements at once."
        raise UnreadableFile("too_large", detail)
    for info in members:
        content = content_of(data, info, most=left)
        left -= len(content)
        yield info.filename, content


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or parts[0] == _LITTER_FOLDER or parts[-1].startswith(".") or parts[-1].lower() in _LITTER


def _likeness(row: StatementRow) -> tuple[object, ...]:
    text = " ".join(f"{row.merchant} {row.description}".casefold().split())
    return (row.account, row.date, row.amount.normalize(), row.currency, row.external_id, text)


def _newer(known: FileAccount | None, found: FileAccount) -> FileAccount:
    """Return the account with the later balance."""
    if known is None or known.balance_date is None:
        return found
    return known if found.balance_date is None or found.balance_date < known.balance_date else found
