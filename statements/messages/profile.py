"""The profile of a message: little is left to correct, because the message says itself what stands where."""

from collections.abc import Iterable, Iterator
from typing import Any

from statements.importer import Profile, ProfileError, RowError, Skipped, StatementRow
from statements.profile_faults import boolean_faults, encoding_faults, format_faults, unknown_keys

KEYS = ("encoding", "format", "leave_out_pending")


def message_profile(format_name: str, *, encoding: str) -> dict[str, Any]:
    """Return the profile of a file in the format; `encoding` is a Python codec."""
    return {"format": format_name, "encoding": encoding, "leave_out_pending": False}


def message_profile_faults(profile: Profile, data: bytes, *, format_name: str) -> list[ProfileError]:
    """Return the faults of a profile for this file."""
    return [
        *unknown_keys(profile, KEYS),
        *format_faults(profile, format_name),
        *encoding_faults(profile, data),
        *boolean_faults(profile, ("leave_out_pending",)),
    ]


def without_pending(
    rows: Iterable[StatementRow | RowError | Skipped],
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows with each pending one skipped."""
    for row in rows:
        is_pending = isinstance(row, StatementRow) and row.pending
        yield Skipped(row.line, "pending", row.raw) if is_pending else row
