"""Rows of a statement that may be in the ledger already: booked ones of pending rows, and possible duplicates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import ask_chain, categorization_of
from expenses.ledger.duplicate_matching import match_booked
from expenses.ledger.fingerprints import row_key
from expenses.models import Duplicate, Run
from expenses.services.possible_duplicates import Surroundings, compared_row, find_possible_duplicates
from statements.entries import Entry, known_entries, read_records, targets_of
from statements.models import Import


@dataclass(frozen=True, slots=True)
class FileMatches:
    """Rows of the ledger that new rows of a file may be: `row_key` → id of the pending row, or of the duplicate.

    `still_pending` are ids of pending rows that the file has again.
    """

    booked: dict[str, int] = field(default_factory=dict)
    #: Key of the file's account → how many of `booked` have another fingerprint than the pending row.
    renamed: Counter[str] = field(default_factory=Counter)
    possible: dict[str, int] = field(default_factory=dict)
    still_pending: frozenset[int] = frozenset()


def surroundings_of(statement: Import) -> Surroundings | None:
    """Return where rows of the statement may have been recorded before. Return None if it has no account or rows."""
    accounts = [target.account.pk for target in targets_of(statement).values() if target.account is not None]
    if not accounts or statement.first_date is None or statement.last_date is None:
        return None
    same = Import.objects.filter(
        ledger_id=statement.ledger_id, format=statement.format, columns=statement.columns, run__isnull=False
    )
    runs = {run for run, profile in same.values_list("run", "profile") if _texts(profile) == _texts(statement.profile)}
    runs |= {statement.run_id} if statement.run_id else set()
    return Surroundings(statement.ledger_id, accounts, statement.first_date, statement.last_date, runs)


def _texts(profile: Mapping[str, Any]) -> list[Any]:
    """Return the columns whose cells are in a fingerprint; a column of ids may hold one twice in the next file."""
    return [profile.get(key) for key in ("description", "merchant", "external_id")]


def find_booked(statement: Import, around: Surroundings) -> FileMatches:
    """Find pending rows that rows of the file book. The file is read only if there are pending rows."""
    if not around.pending_rows():
        return FileMatches()
    return _booked(_entries(statement), around, Catalog.load(statement.ledger_id))


def find_matches(statement: Import) -> FileMatches:
    """Find what the new rows of a file may be. The file is read again only if there are rows to compare with."""
    around = surroundings_of(statement)
    if around is None or not around.has_older_rows():
        return FileMatches()
    entries, catalog = _entries(statement), Catalog.load(statement.ledger_id)
    matches = _booked(entries, around, catalog)
    around = replace(around, still_pending={*matches.still_pending, *matches.booked.values()})
    older = around.older_rows({entry.amount for entry in entries})
    if not older:
        return matches
    known = known_entries(entries)
    amounts = {row.amount for row in older}
    has_pending = any(row.is_pending for row in older)
    near = [
        entry.draft(catalog)
        for entry in entries
        if (has_pending or entry.amount in amounts)
        and entry.key not in matches.booked
        and entry.account is not None
        and (entry.account.pk, entry.fingerprint) not in known
    ]
    # A category counts only beside a row by hand that has one.
    telling = {row.amount for row in older if not row.fingerprint and row.category is not None}
    asked = [draft for draft in near if draft.amount in telling]
    verdicts = ask_chain(asked, catalog=catalog, trigger="import")
    categories = {
        id(draft): categorization_of(verdict).category for draft, verdict in zip(asked, verdicts, strict=True)
    }
    found = find_possible_duplicates([compared_row(draft, categories.get(id(draft))) for draft in near], around)
    return replace(matches, possible={str(match.newer): int(match.older) for match in found})


def offered_of(run: Run) -> dict[str, int]:
    """Return `row_key` → id of the older row for the offers that an import's run has made."""
    offers = Duplicate.objects.filter(newer__run=run).order_by()
    found = offers.values_list("newer__account", "newer__fingerprint", "older")
    return {row_key(account, fingerprint): older for account, fingerprint, older in found}


def _entries(statement: Import) -> list[Entry]:
    return [record for record in read_records(statement) if isinstance(record, Entry) and record.account is not None]


def _booked(entries: Sequence[Entry], around: Surroundings, catalog: Catalog) -> FileMatches:
    pending = around.pending_rows()
    if not pending:
        return FileMatches()
    known = known_entries(entries)
    amounts = {row.amount for row in pending}
    wanted = {row.id for row in pending}
    there, unchanged = set[int](), dict[str, int]()
    for entry in entries:
        pk = known.get((entry.account.pk, entry.fingerprint)) if entry.account else None
        if pk in wanted and entry.row.pending:
            there.add(pk)
        elif pk in wanted:  # booked on the same day and with the same text
            unchanged[entry.key] = pk
    fresh = [
        entry
        for entry in entries
        if entry.amount in amounts
        and not entry.row.pending
        and entry.account is not None
        and (entry.account.pk, entry.fingerprint) not in known
    ]
    rows = [compared_row(entry.draft(catalog)) for entry in fresh]
    pairs = match_booked(rows, [row for row in pending if row.id not in {*there, *unchanged.values()}])
    booked = {str(pair.newer): int(pair.older) for pair in pairs}
    renamed = Counter(entry.row.account for entry in fresh if entry.key in booked)
    return FileMatches(unchanged | booked, renamed, still_pending=frozenset(there))
