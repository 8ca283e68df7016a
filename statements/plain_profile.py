"""Profiles of formats that say themselves where date, amount and text are: few keys are left to correct."""

import codecs
from collections.abc import Iterable, Iterator
from typing import Any

from statements.delimited.encoding import decodes
from statements.importer import Profile, ProfileError, RowError, Skipped, StatementRow

KEYS = ("format", "encoding", "leave_out_pending")


def plain_profile(format_name: str, *, encoding: str) -> dict[str, Any]:
    """Return the profile of a file in the format; `encoding` is a Python codec."""
    return {"format": format_name, "encoding": encoding, "leave_out_pending": False}


def plain_profile_errors(profile: Profile, data: bytes, *, format_name: str) -> list[ProfileError]:
    """Return the faults of a profile for this file."""
    known = ", ".join(sorted(KEYS))
    errors = [
        ProfileError(str(key), "unknown_key", f"“{key}” is not known. The keys are: {known}.")
        for key in profile
        if key not in KEYS
    ]
    if profile.get("format", format_name) != format_name:
        errors.append(
            ProfileError("format", "invalid", f"The format of this file is “{format_name}”. Leave it as it is.")
        )
    encoding = profile.get("encoding")
    if not _is_text_codec(encoding):
        detail = f"“{encoding}” is not an encoding. Try utf-8 or cp1252."
        errors.append(ProfileError("encoding", "unknown_encoding", detail))
    elif not decodes(data, str(encoding)):
        errors.append(ProfileError("encoding", "undecodable", f"The file is not in {encoding}. Try utf-8 or cp1252."))
    if not isinstance(profile.get("leave_out_pending", False), bool):
        errors.append(ProfileError("leave_out_pending", "invalid", "“leave_out_pending” must be true or false."))
    return errors


def without_pending(
    rows: Iterable[StatementRow | RowError | Skipped],
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows with each pending one skipped."""
    for row in rows:
        is_pending = isinstance(row, StatementRow) and row.pending
        yield Skipped(row.line, "pending", row.raw) if is_pending else row


def _is_text_codec(name: Any) -> bool:
    """Return True if Python knows the codec and it writes the signs of a statement; “base64” and “idna” do not."""
    if not isinstance(name, str) or name.startswith(("idna", "punycode")):
        return False
    try:
        return codecs.lookup(name).incrementaldecoder is not None and "<a>:1\n".encode(name).decode(name) == "<a>:1\n"
    except (LookupError, ValueError):
        return False
