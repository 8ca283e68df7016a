"""Saved profiles: the one that fits a file, and profiles that travel from one Outlay to another."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from accounts.models import User
from expenses.models import Account
from expenses.services.ledger_lock import Refusal, add_row, ledger_write, remove_row
from statements.importer import Importer, Reading
from statements.models import Import, Profile

EXPORT_VERSION = 1
FINGERPRINT_LENGTH = 32


def fingerprint_of(file_format: str, reading: Reading) -> str:
    """Return the fingerprint of a file: equal for files of one layout, "" if a format has no layouts to tell apart."""
    columns = [" ".join(name.split()).casefold() for name in reading.columns]
    if not (columns or reading.shape):
        return ""
    facts = json.dumps([file_format, columns, "" if columns else reading.shape], ensure_ascii=False)
    return hashlib.sha256(facts.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def fitting_profile(data: bytes, *, statement: Import, importer: Importer, reading: Reading) -> Profile | None:
    """Return the saved profile for a file: of its account first, then of none, then of another; the newest of each.

    One that cannot read this file is passed over.
    """
    account = statement.account
    mark = fingerprint_of(importer.format, reading)
    same = Q(fingerprint=mark) | Q(fingerprint="", columns=reading.columns) if mark else Q(fingerprint="", columns=[])
    found = Profile.objects.filter(same, ledger_id=statement.ledger_id, format=importer.format)
    if not mark:  # a format without columns has one profile for each account
        found = found.filter(account=account, account__isnull=False)
    ranked = sorted(found, key=lambda profile: (_rank(profile, account), -profile.pk))
    fitting = (one for one in ranked if not importer.check_profile({**reading.profile, **one.profile}, data))
    return next(fitting, None)


def _rank(profile: Profile, account: Account | None) -> int:
    if profile.account_id is None:
        return 1
    return 0 if account is not None and profile.account_id == account.pk else 2


def save_profile(statement: Import, name: str, *, profile: Mapping[str, Any], reading: Reading, version: int) -> None:
    """Keep how an import is read under a name, for its account. The caller holds the ledger's lock."""
    kept = {
        "format": statement.format,
        "columns": statement.columns,
        "fingerprint": fingerprint_of(statement.format, reading),
        "account": statement.account,
        "profile": profile,
        "version": version,
    }
    Profile.objects.update_or_create(ledger_id=statement.ledger_id, name=name, defaults=kept)


def exported(profile: Profile) -> dict[str, Any]:
    """Return a profile as it travels: without ids, dates and the account."""
    return {
        "export_version": EXPORT_VERSION,
        "name": profile.name,
        "format": profile.format,
        "columns": profile.columns,
        "fingerprint": profile.fingerprint,
        "profile": profile.profile,
    }


def add_profile(*, by: User, fields: Mapping[str, Any]) -> Profile:
    """Add an exported profile. Raises Refusal if the ledger has one of this name."""
    if Profile.objects.for_user(by).filter(name=fields["name"]).exists():
        detail = f"There is a profile “{fields['name']}” already. Send another name, or delete that one first."
        raise Refusal(detail, code="unique")
    return add_row(Profile, by=by, fields=fields)


def forget_profile(*, profile: Profile) -> None:
    """Delete a saved profile; imports that were read by it stay as they are."""
    with ledger_write(profile.ledger_id) as version:
        remove_row(profile, ledger_id=profile.ledger_id, version=version)
