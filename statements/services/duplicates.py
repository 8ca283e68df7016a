"""Rows of a statement that may be in the ledger already: booked ones of pending rows, and possible duplicates."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import ask_chain, categorization_of
from expenses.ledger.duplicate_matching import match_booked
from expenses.ledger.fingerprints import row_key
from expenses.ledger.money import round_to_minor_units
from expenses.models import Duplicate, Run, Transaction
from expenses.services.possible_duplicates import Surroundings, compared_row, find_possible_duplicates
from statements.entries import Entry, known_entries, read_records, targets_of
from statements.importer import SourceRow
from statements.migration.outlay import OutlayImporter
from statements.models import Import

#: Ids that a query asks for at once.
IDS_OF_A_QUERY = 1000


@dataclass(frozen=True, slots=True)
class FileMatches:
    """Rows of the ledger that new rows of a file may be: `row_key` → id of the pending row, or of the duplicate.

    `known` are rows of the ledger that a file of Outlay was written from, or that have the same text of the bank.
    `still_pending` are ids of pending rows that the file has again.
    """

    booked: dict[str, int] = field(default_factory=dict)
    #: Key of the file's account → how many of `booked` and `known` have another fingerprint than the ledger's row.
    renamed: Counter[str] = field(default_factory=Counter)
    possible: dict[str, int] = field(default_factory=dict)
    still_pending: frozenset[int] = frozenset()
    known: dict[str, int] = field(default_factory=dict)

    def joined(self, other: "FileMatches") -> "FileMatches":
        """Return the matches of `other` beside the known rows of these."""
        return replace(other, renamed=self.renamed + other.renamed, known=self.known)


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


def find_booked(statement: Import, around: Surroundings | None) -> FileMatches:
    """Find pending rows that rows of the file book, and what a file of Outlay was written from.

    A file of another program is read only if there are pending rows.
    """
    own = _find_known(statement)
    if around is None or not around.pending_rows():
        return own
    return own.joined(_booked(_entries(statement, own), around, Catalog.load(statement.ledger_id)))


def find_origins(entries: Sequence[Entry], statement: Import) -> dict[str, int]:
    """Return `row_key` → id of the row of the ledger that an entry of a file of Outlay stands for, none for two.

    It is the row that the file was written from, if its id, day, amount, currency, account and text are in this ledger.
    Otherwise it is a row of the same day, amount, currency, account and text of the bank. Rows in the bin count; those
    that the import itself recorded do not.
    """
    written = [entry for entry in entries if entry.row.origins]
    if not written:
        return {}
    rows = Transaction.everything.filter(ledger_id=statement.ledger_id).order_by()
    rows = rows.exclude(run=statement.run_id) if statement.run_id else rows
    there: dict[int, tuple[Any, ...]] = {}
    ids = iter({origin.id for entry in written for origin in entry.row.origins})
    while part := list(islice(ids, IDS_OF_A_QUERY)):
        there |= {values[0]: values for values in rows.filter(pk__in=part).values_list("pk", "parent", *_MOVEMENT)}
    found: dict[str, int] = {}
    used = set[int]()
    for entry in written:
        origins = entry.row.origins
        if all(origin.id not in used and _is_origin(there.get(origin.id), origin, entry) for origin in origins):
            used.update(origin.id for origin in origins)
            found[entry.key] = there[origins[0].id][1] if len(origins) > 1 else origins[0].id
    left = [entry for entry in written if entry.key not in found and entry.account is not None]
    recognized = known_entries(left)
    left = [entry for entry in left if entry.account and (entry.account.pk, entry.fingerprint) not in recognized]
    used |= {*found.values(), *recognized.values()}
    return found | _by_text(left, rows, used)


#: What must be equal in a row of the ledger and in the file.
_MOVEMENT = ("date", "currency", "direction", "amount", "account", "raw_description")


def _is_origin(values: tuple[Any, ...] | None, origin: SourceRow, entry: Entry) -> bool:
    if values is None:
        return False
    _, _, day, currency, direction, amount, account, text = values
    size = round_to_minor_units(abs(origin.amount), entry.currency)
    is_there = account is None or entry.account is None or account == entry.account.pk
    same = (day, currency, direction, amount) == (entry.row.date, entry.currency, entry.direction, size)
    return same and is_there and text.split() == origin.text.split()


def _by_text(entries: Sequence[Entry], rows: Any, used: set[int]) -> dict[str, int]:
    """Return `row_key` → id of a row of the same day, amount, account and text of the bank that is not `used`."""
    if not entries:
        return {}
    days = [entry.row.date for entry in entries]
    accounts = {entry.account.pk for entry in entries if entry.account}
    near = rows.filter(account__in=accounts, parent=None).between(min(days), max(days)).order_by("-pk")
    by_text: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    wanted = {entry.amount for entry in entries}
    for pk, *values, text in near.values_list("pk", *_MOVEMENT).iterator():
        if pk not in used and values[3] in wanted:
            by_text[(*values, *text.split())].append(pk)
    found: dict[str, int] = {}
    for entry in entries:
        text = entry.row.origins[0].text
        values = [entry.row.date, entry.currency, entry.direction, entry.amount, entry.account and entry.account.pk]
        if text and len(entry.row.origins) == 1 and (same := by_text.get((*values, *text.split()))):
            found[entry.key] = same.pop()
    return found


def _find_known(statement: Import) -> FileMatches:
    """Find what a file of Outlay was written from. Files of other programs are not read."""
    if statement.format != OutlayImporter.format:
        return FileMatches()
    entries = [record for record in read_records(statement) if isinstance(record, Entry)]
    known, recognized = find_origins(entries, statement), known_entries(entries)
    renamed = Counter(
        entry.row.account
        for entry in entries
        if entry.key in known and (entry.account and entry.account.pk, entry.fingerprint) not in recognized
    )
    return FileMatches(renamed=renamed, known=known)


def find_matches(statement: Import) -> FileMatches:
    """Find what the new rows of a file may be. The file is read again only if there are rows to compare with."""
    around = surroundings_of(statement)
    own = _find_known(statement)
    if around is None or not around.has_older_rows():
        return own
    entries, catalog = _entries(statement, own), Catalog.load(statement.ledger_id)
    matches = own.joined(_booked(entries, around, catalog))
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


def _entries(statement: Import, own: FileMatches) -> list[Entry]:
    """Return the entries of known accounts, without those that the file was written from."""
    entries = [record for record in read_records(statement) if isinstance(record, Entry)]
    return [entry for entry in entries if entry.account is not None and entry.key not in own.known]


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
