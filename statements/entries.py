"""Rows of a statement as the ledger takes them: checked, rounded, and with a fingerprint against duplicates.

A stored import is read from its file each time: file and profile are the whole truth.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from operator import ne
from typing import Self

from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import EARLIEST, LATEST
from expenses.ledger.fingerprints import fingerprint_with_id, is_bank_id, row_key
from expenses.ledger.kinds import derive_kind
from expenses.ledger.money import MAX_AMOUNT, currency_codes, format_amount, round_to_minor_units
from expenses.models import DESCRIPTION_LENGTH, Account, Category
from expenses.models.transactions import TransactionDraft
from expenses.services.draft_columns import DraftColumns
from expenses.services.recognition import recognize_rows
from expenses.services.split_parts import MAX_PARTS
from providers.interface import Direction
from statements.book_plan import placed, stored_plan, with_planned
from statements.formats import importer_named
from statements.importer import RowBlock, RowError, RowPart, Skipped, StatementRow
from statements.models import Import

NOTES_LENGTH, TAG_LENGTH = 5000, 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be recorded in `account`. `amount` is positive, in minor units of `currency`."""

    row: StatementRow
    amount: Decimal
    direction: Direction
    currency: str
    fingerprint: str
    account: Account | None = None

    @property
    def key(self) -> str:
        """Return what tells the row from every other of the file."""
        return row_key(self.account.pk if self.account else None, self.fingerprint)

    def draft(self, catalog: Catalog) -> TransactionDraft:
        """Return the draft of a transaction in the account, with category and parts as far as the ledger has them."""
        whole = TransactionDraft(
            amount=self.amount,
            currency=self.currency,
            date=self.row.date,
            description=self.row.description[:DESCRIPTION_LENGTH],
            direction=self.direction,
            merchant=self.row.merchant[:200],
            iban=self.row.iban,
            mcc=self.row.mcc,
            account=self.account,
            notes=self.row.notes[:NOTES_LENGTH],
            tags=tuple(dict.fromkeys(tag[:TAG_LENGTH] for tag in self.row.tags if tag.strip())),
            fingerprint=self.fingerprint,
            is_pending=self.row.pending,
        )
        row = self.row
        if not (row.category or row.parts or row.transfer_account or row.is_transfer):
            return whole
        if self.has_even_parts:
            return replace(whole, parts=tuple(self._part(whole, part, catalog) for part in self._moving_parts))
        category = self.category(catalog)
        return replace(whole, category=category) if category else whole

    def category(self, catalog: Catalog) -> Category | None:
        """Return the category that the file names, if the ledger has it and it suits the direction of the money."""
        if self.row.transfer_account or self.row.is_transfer:
            return catalog.transfers
        parts = self._moving_parts
        path = self.row.category or (parts[0].category if len(parts) == 1 else ())
        return self._fitting(path, catalog)

    @property
    def has_even_parts(self) -> bool:
        """Return True if the row has parts, no more than a split may have, that run one way and add up to the whole."""
        parts = self._moving_parts
        total = sum((self._size(part) for part in parts), Decimal(0))
        return 1 < len(parts) <= MAX_PARTS and total == self.amount and len({part.amount > 0 for part in parts}) == 1

    @property
    def _moving_parts(self) -> list[RowPart]:
        return [part for part in self.row.parts if self._size(part)]

    def _size(self, part: RowPart) -> Decimal:
        return round_to_minor_units(abs(part.amount), self.currency)

    def _part(self, whole: TransactionDraft, part: RowPart, catalog: Catalog) -> TransactionDraft:
        category = self._fitting(part.category, catalog)
        text = part.description[:DESCRIPTION_LENGTH] or whole.description
        notes = part.notes[:NOTES_LENGTH]
        return replace(
            whole, amount=self._size(part), category=category, description=text, notes=notes, fingerprint=None
        )

    def _fitting(self, path: Sequence[str], catalog: Catalog) -> Category | None:
        category = catalog.at(path) if path else None
        fits = category is not None and derive_kind(self.direction, category.kind) is not None
        return category if fits else None

    def losses(self, catalog: Catalog) -> Iterator[tuple[str, str]]:
        """Yield what the ledger cannot record of the row: (`category` or `direction`, path) and (`parts`, line)."""
        if not (self.row.category or self.row.parts):
            return
        if self.row.parts and not self.has_even_parts and len(self._moving_parts) > 1:
            yield "parts", str(self.row.line)
        even = self._moving_parts if self.has_even_parts else []
        for path in [part.category for part in even] or [self.row.category]:
            if path and not self.row.transfer_account and self._fitting(path, catalog) is None:
                yield ("direction" if catalog.at(path) else "category"), ":".join(path)


@dataclass(frozen=True, slots=True)
class EntryBlock:
    """Entries of one account, one after the other, in columns; fields are those of `Entry`."""

    rows: RowBlock
    amounts: Sequence[Decimal]
    directions: Sequence[Direction]
    currencies: Sequence[str]
    fingerprints: Sequence[str]
    account: Account | None

    def __len__(self) -> int:
        return len(self.fingerprints)

    def __getitem__(self, part: slice) -> Self:
        return type(self)(
            self.rows[part], self.amounts[part], self.directions[part], self.currencies[part], self.fingerprints[part],
            self.account,
        )  # fmt: skip

    def entry(self, index: int) -> Entry:
        """Return the entry at an index from 0."""
        row, fingerprint = self.rows.row(index), self.fingerprints[index]
        return Entry(
            row, self.amounts[index], self.directions[index], self.currencies[index], fingerprint, self.account
        )  # fmt: skip

    def entries(self) -> Iterator[Entry]:
        """Yield the entries in order."""
        return map(self.entry, range(len(self)))


#: What a plain entry's draft depends on, beside day and amount → a draft.
Looks = dict[tuple[tuple[str, str, str, str], Direction, str], TransactionDraft]


def draft_columns(block: EntryBlock, looks: Looks, catalog: Catalog) -> DraftColumns:
    """Return the drafts of a block. Entries of one text share a look, which is kept for the next block."""
    if len(looks) > _MOST_KEPT:
        looks.clear()
    keys = list(zip(block.rows.texts, block.directions, block.currencies, strict=True))
    for key, index in dict(zip(keys, range(len(keys)), strict=True)).items():
        if key not in looks:
            looks[key] = block.entry(index).draft(catalog)
    return DraftColumns([looks[key] for key in keys], block.rows.dates, block.amounts, block.fingerprints)


Record = Entry | RowError | Skipped
#: Distinct amounts, and distinct looks, that are kept while a file is read.
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Target:
    """The account that rows of one account of the file go into, None while unknown, and the currency they have."""

    account: Account | None
    currency: str


def read_entries(
    records: Iterable[RowBlock | StatementRow | RowError | Skipped], *, targets: Mapping[str, Target]
) -> Iterator[EntryBlock | Record]:
    """Check each row against the ledger's limits. `targets` are by the key of the file's account, "" for none.

    Equal rows of one file are counted, so that two equal coffees on one day are two entries, and the same two again in
    another file are none. A row with the bank's own id is recognized by it first. A block without a fault stays one.
    """
    checker = _Checker()
    for record in records:
        if isinstance(record, RowBlock):
            block = checker.block(record, targets[""])
            if block is not None:
                yield block
            else:
                yield from (checker.entry(row, targets[""]) for row in record.rows())
        elif isinstance(record, StatementRow):
            yield checker.entry(record, targets.get(record.account) or targets[""])
        else:
            yield record


class _Checker:
    """Checks the rows of one file, and remembers what it has seen of them."""

    def __init__(self) -> None:
        self._moneys: dict[tuple[Decimal, str], tuple[Decimal, str, Direction]] = {}
        #: By account: what tells rows apart → number of rows so far.
        self._seen: dict[int | str, dict[str, int]] = defaultdict(dict)

    def entry(self, row: StatementRow, target: Target) -> Record:
        """Return the entry of a row, or why it is none."""
        code = row.currency or target.currency
        amount, signed, direction = self._money((row.amount, code))
        fault = _fault(row, amount, code)
        if fault is not None:
            return fault
        if not amount:
            return Skipped(row.line, "zero", row.raw, row.date)
        place = target.account.pk if target.account else row.account
        text = _folded(row.merchant, row.description)
        [fingerprint] = self._fingerprints(place, [(row.date, row.amount, signed, code, row.external_id, text)])
        return Entry(row, amount, direction, code, fingerprint, target.account)

    def block(self, rows: RowBlock, target: Target) -> EntryBlock | None:
        """Return the entries of a block, None if a row is none."""
        codes = [code or target.currency for code in rows.currencies]
        moneys = [self._money(key) for key in zip(rows.amounts, codes, strict=True)]
        amounts, signed, directions = zip(*moneys, strict=True)
        are_good = currency_codes().issuperset(codes) and all(amounts) and max(amounts) < MAX_AMOUNT
        if not are_good or min(rows.dates) < EARLIEST or max(rows.dates) > LATEST:
            return None
        # Rows of one text share the object.
        folded = {number: _folded(found[1], found[0]) for number, found in {id(t): t for t in rows.texts}.items()}
        texts = [folded[id(found)] for found in rows.texts]
        place = target.account.pk if target.account else ""
        columns = zip(rows.dates, rows.amounts, signed, codes, rows.external_ids, texts, strict=True)
        fingerprints = self._fingerprints(place, columns)
        return EntryBlock(rows, amounts, directions, codes, fingerprints, target.account)

    def _money(self, key: tuple[Decimal, str]) -> tuple[Decimal, str, Direction]:
        """Return the amount as the ledger has it, as a signed text, and its direction, for amount and currency."""
        if key in self._moneys:
            return self._moneys[key]
        if len(self._moneys) >= _MOST_KEPT:
            self._moneys.clear()
        amount, code = key
        direction: Direction = "in" if amount > 0 else "out"
        found = round_to_minor_units(abs(amount), code), str(amount.normalize()), direction
        return self._moneys.setdefault(key, found)

    def _fingerprints(self, place: int | str, rows: Iterable[tuple[dt.date, Decimal, str, str, str, str]]) -> list[str]:
        """Return the fingerprint of each (day, amount, its text, currency, bank's id, text) of one account."""
        seen, found = self._seen[place], []
        for day, amount, signed, code, bank_id, text in rows:
            key = f"{_written(day)}\x1f{signed}\x1f{code}\x1f{bank_id}\x1f{text}"
            n_before = seen.get(key, 0)
            seen[key] = n_before + 1
            fingerprint = sha256(f"{key}\x1f{n_before}".encode()).hexdigest()[:32]
            if bank_id and is_bank_id(bank_id):
                fingerprint = fingerprint_with_id(fingerprint, bank_id=bank_id, day=day, amount=amount, currency=code)
            found.append(fingerprint)
        return found


@lru_cache(maxsize=16_384)
def _folded(merchant: str, description: str) -> str:
    return " ".join(f"{merchant} {description}".casefold().split())


@lru_cache(maxsize=4096)
def _written(day: dt.date) -> str:
    return day.isoformat()


def _fault(row: StatementRow, amount: Decimal, currency: str) -> RowError | None:
    if currency not in currency_codes():
        detail = f"Line {row.line}: “{currency}” is not an ISO 4217 currency code."
        return RowError(row.line, "currency", "unknown_currency", detail, row.raw)
    if amount >= MAX_AMOUNT:
        detail = f"Line {row.line}: {row.amount} is too large; amounts are less than {MAX_AMOUNT}."
        return RowError(row.line, "amount", "max_value", detail, row.raw)
    if not EARLIEST <= row.date <= LATEST:
        detail = f"Line {row.line}: {row.date} is not between {EARLIEST} and {LATEST}."
        return RowError(row.line, "date", "out_of_range", detail, row.raw)
    return None


@dataclass
class AccountSummary:
    """Period, totals by currency, and fingerprints of the entries of one account."""

    account: Account | None
    #: True if a row names no currency.
    lacks_currency: bool = False
    first_date: dt.date = dt.date.max
    last_date: dt.date = dt.date.min
    fingerprints: set[str] = field(default_factory=set)
    sums: dict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))
    #: Rows whose amount has more decimal places than its currency.
    n_rounded: int = 0

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        self.first_date = min(self.first_date, entry.row.date)
        self.last_date = max(self.last_date, entry.row.date)
        self.fingerprints.add(entry.fingerprint)
        self.lacks_currency |= not entry.row.currency
        self.sums[entry.currency][entry.direction] += entry.amount
        self.n_rounded += abs(entry.row.amount) != entry.amount

    def add_block(self, block: EntryBlock) -> None:
        """Count the entries of a block."""
        self.first_date = min(self.first_date, *block.rows.dates)
        self.last_date = max(self.last_date, *block.rows.dates)
        self.fingerprints.update(block.fingerprints)
        self.lacks_currency |= not all(block.rows.currencies)
        for amount, currency, direction in zip(block.amounts, block.currencies, block.directions, strict=True):
            self.sums[currency][direction] += amount
        self.n_rounded += sum(map(ne, map(abs, block.rows.amounts), block.amounts))

    @property
    def n_known(self) -> int:
        """Return how many of the entries the account has already."""
        if self.account is None or not self.fingerprints:
            return 0
        start, end = self.first_date, self.last_date
        return len(recognize_rows(self.fingerprints, account=self.account, start=start, end=end))

    @property
    def totals(self) -> dict[str, dict[str, str]]:
        """Currency → decimal strings of money in, money out, and in minus out."""
        return totals_of(self.sums)


def totals_of(sums: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, str]]:
    """Return currency → decimal strings of money in, money out, and in minus out."""
    zero = Decimal(0)
    return {
        currency: {
            "in": format_amount(of.get("in", zero), currency),
            "out": format_amount(of.get("out", zero), currency),
            "sum": format_amount(of.get("in", zero) - of.get("out", zero), currency),
        }
        for currency, of in sums.items()
    }


#: What of its rows the ledger cannot record → each case of it, as `Entry.losses` names them.
Losses = dict[str, list[str]]


@dataclass
class StatementSummary:
    """Counts of records, and a summary for each account that the file names, by key; "" for rows that name none."""

    n_errors: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    losses: Losses = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, AccountSummary] = field(default_factory=dict)

    @property
    def n_skipped(self) -> int:
        return self.skipped.total()

    @property
    def n_rounded(self) -> int:
        return sum(account.n_rounded for account in self.accounts.values())

    @property
    def n_rows(self) -> int:
        return sum(len(account.fingerprints) for account in self.accounts.values())

    @property
    def period(self) -> tuple[dt.date | None, dt.date | None]:
        """Return the first and the last date."""
        firsts = [account.first_date for account in self.accounts.values()]
        lasts = [account.last_date for account in self.accounts.values()]
        return min(firsts, default=None), max(lasts, default=None)

    @property
    def totals(self) -> dict[str, dict[str, str]]:
        """Return the totals of all accounts, as of one."""
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for account in self.accounts.values():
            for currency, of in account.sums.items():
                for direction, amount in of.items():
                    sums[currency][direction] += amount
        return totals_of(sums)


def summarize(records: Iterable[EntryBlock | Record], *, catalog: Catalog) -> StatementSummary:
    """Read all records once."""
    summary = StatementSummary()
    for record in records:
        if isinstance(record, EntryBlock):
            summary.accounts.setdefault("", AccountSummary(record.account)).add_block(record)
        elif isinstance(record, Entry):
            summary.accounts.setdefault(record.row.account, AccountSummary(record.account)).add(record)
            for what, which in record.losses(catalog):
                summary.losses[what].append(which)
        elif isinstance(record, RowError):
            summary.n_errors += 1
        else:
            summary.skipped[record.reason] += 1
    return summary


def read_blocks(statement: Import) -> Iterator[EntryBlock | Record]:
    """Yield every record of the file in order, entries in blocks where they can be. Raises as `read_records`."""
    with statement.file.open("rb") as file:
        data = file.read()
    importer, plan = importer_named(statement.format), stored_plan(statement)
    if not plan:
        return read_entries(importer.read_blocks(data, statement.profile), targets=targets_of(statement))
    catalog = with_planned(Catalog.load(statement.ledger_id), statement)
    records = placed(importer.read(data, statement.profile), plan, catalog)
    return read_entries(records, targets=targets_of(statement))


def read_records(statement: Import) -> Iterator[Record]:
    """Yield every record of the file in order. Raises UnreadableFile if the profile does not fit."""
    return each_record(read_blocks(statement))


def each_record(blocks: Iterable[EntryBlock | Record]) -> Iterator[Record]:
    """Yield the records of blocks one at a time."""
    for block in blocks:
        if isinstance(block, EntryBlock):
            yield from block.entries()
        else:
            yield block


def targets_of(statement: Import) -> dict[str, Target]:
    """Return where the rows of each account that the file names go, by its key; "" is for rows that name none."""
    base = statement.account.currency if statement.account else statement.user.base_currency
    new = str(statement.profile.get("currency_code") or base).upper()
    targets = {"": Target(statement.account, base)}
    accounts = Account.objects.filter(ledger_id=statement.ledger_id)
    found = accounts.in_bulk([named["account"] for named in statement.accounts if named["account"] is not None])
    for named in statement.accounts:
        account = found.get(named["account"])
        currency = account.currency if account else named["currency"] or new
        targets[named["key"]] = Target(account, currency)
    return targets


SHOWN: dict[str, tuple[type, ...]] = {
    "rows": (Entry, RowError),
    "errors": (RowError,),
    "skipped": (Skipped,),
}


@dataclass(frozen=True, slots=True)
class RecordList:
    """The records of a kind (a key of SHOWN), sliced like a list; the file is read only as far as a slice needs."""

    statement: Import
    show: str

    def __len__(self) -> int:
        counts = {
            "rows": self.statement.n_rows + self.statement.n_errors,
            "errors": self.statement.n_errors,
            "skipped": self.statement.n_skipped,
        }
        return counts[self.show]

    def __getitem__(self, wanted: slice) -> list[Record]:
        shown = (record for record in read_records(self.statement) if isinstance(record, SHOWN[self.show]))
        return list(islice(shown, wanted.start, wanted.stop))


def known_entries(entries: Iterable[Entry], *, of: Import | None = None) -> dict[tuple[int, str], int]:
    """Return (account, fingerprint) → id of the transactions that stand for some of these entries.

    `of` is the import that has more of the file's rows than these.
    """
    wanted: dict[Account, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.account is not None:
            wanted[entry.account].append(entry)
    known: dict[tuple[int, str], int] = {}
    for account, of_account in wanted.items():
        days = [entry.row.date for entry in of_account]
        fingerprints = [entry.fingerprint for entry in of_account]
        shared = of.shared_movements(account) if of is not None else ()
        found = recognize_rows(fingerprints, account=account, start=min(days), end=max(days), shared=shared)
        known |= {(account.pk, fingerprint): row for fingerprint, row in found.items()}
    return known
