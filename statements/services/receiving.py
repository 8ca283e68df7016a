"""Takes a statement in, finds out how it is to be read, and reads it; nothing is recorded yet."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Account
from statements.formats import importer_for, importer_named
from statements.importer import ProfileError, Reading, UnreadableFile
from statements.models import Import, ImportStatus, Profile
from statements.reading import known_fingerprints, read_records
from statements.summary import summarize


def receive_statement(
    *, by: User, data: bytes, filename: str, account: Account | None = None, profile: Profile | None = None
) -> Import:
    """Store a file with the profile that fits it. Raises UnreadableFile, and then stores nothing.

    The answer's status is `reading` for a file so large that the worker has to read it; queue the task then.
    """
    _check_size(data)
    importer = importer_for(data)
    reading = importer.detect(data)
    profile = profile or _remembered_profile(ledger_id_of(by), importer.format, reading)
    statement = Import(
        ledger_id=ledger_id_of(by),
        user=by,
        account=account,
        filename=filename[:255],
        format=importer.format,
        profile=dict(profile.profile) if profile else reading.profile,
        columns=reading.columns,
        questions=[] if profile else [asdict(question) for question in reading.questions],
        status=ImportStatus.READING,
    )
    with transaction.atomic():
        statement.file.save("statement", ContentFile(data), save=False)
        statement.save()
        if len(data) <= settings.IMPORT_READ_AT_ONCE_BYTES:
            read_statement(statement=statement)
    return statement


def read_statement(*, statement: Import) -> None:
    """Read the whole file once and keep what it comes to. Raises UnreadableFile when the profile does not fit it."""
    summary = summarize(read_records(statement))
    statement.first_date, statement.last_date = summary.first_date, summary.last_date
    n_duplicates = len(summary.fingerprints & known_fingerprints(statement).keys())
    statement.n_rows, statement.n_duplicates = len(summary.fingerprints), n_duplicates
    statement.n_new = statement.n_rows - n_duplicates
    statement.n_errors, statement.n_skipped = summary.n_errors, summary.n_skipped
    statement.totals = summary.totals
    statement.status, statement.error = ImportStatus.PARSED, ""
    statement.save()


def correct_statement(
    *, statement: Import, profile: Mapping[str, Any] | None, account: Account | None, save_as: str = ""
) -> Import:
    """Read the file in another way, or for another account; keep the way under a name. Raises UnreadableFile."""
    if profile is not None:
        statement.profile, statement.questions = dict(profile), []
    statement.account = account or statement.account
    with transaction.atomic():
        read_statement(statement=statement)
        if save_as:
            Profile.objects.update_or_create(
                ledger_id=statement.ledger_id,
                name=save_as,
                defaults={
                    "format": statement.format,
                    "columns": statement.columns,
                    "profile": statement.profile,
                },
            )
    return statement


def profile_faults(*, statement: Import, profile: Mapping[str, Any]) -> list[ProfileError]:
    """What is wrong with an edited profile."""
    with statement.file.open("rb") as file:
        return importer_named(statement.format).check_profile(profile, file.read())


def _check_size(data: bytes) -> None:
    if len(data) > settings.IMPORT_MAX_BYTES:
        limit = settings.IMPORT_MAX_BYTES // 1024 // 1024
        raise UnreadableFile("too_large", f"The file is larger than {limit} MB. Download a shorter period.")
    n_lines = data.count(b"\n")
    if n_lines > settings.IMPORT_MAX_ROWS:
        detail = f"The file has {n_lines} lines; at most {settings.IMPORT_MAX_ROWS} are read at once. Split it by year."
        raise UnreadableFile("too_many_rows", detail)


def _remembered_profile(ledger_id: int, format: str, reading: Reading) -> Profile | None:  # noqa: A002 - its name
    """The newest profile saved for a file of the same columns."""
    same = Profile.objects.filter(ledger_id=ledger_id, format=format, columns=reading.columns)
    found: Profile | None = same.order_by("-id").first() if reading.columns else None
    return found
