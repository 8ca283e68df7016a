"""Transactions as entries of double-entry bookkeeping, which the texts for ledger, hledger and beancount share.

Each entry moves money between an account and its categories. A transfer moves it through an account for transfers,
which is empty once both halves are written.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, islice

from expenses.models import Account, AccountType, Category
from statements.export.columns import TAG_SEPARATOR, ExportRow
from statements.export.rows import ExportNames

#: The first part of a name by the kind of a category.
ROOTS = {"expense": "Expenses", "income": "Income", "transfer": "Equity"}
#: Entries that are sent at a time.
N_JOINED = 500
UNCATEGORIZED, WITHOUT_ACCOUNT, OPENING_BALANCES = "Uncategorized", "No account", "Opening balances"


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount, signed and as text, that a booking adds to an account."""

    account: str
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class Booking:
    """A balanced entry. `code` is the transaction's id, that of the whole for parts of a split one."""

    code: str
    day: str
    merchant: str
    description: str
    tags: tuple[str, ...]
    notes: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """The money in an account before its first booking. `amount` is signed and not zero."""

    account: Account
    amount: str


class ChartOfAccounts:
    """The names of accounts and categories in the text of one program: unique, and of characters that it reads.

    `clean` makes a part of a name from any text. `own_names` maps each name to the one that its owner gave.
    """

    def __init__(self, names: ExportNames, *, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self.own_names: dict[str, str] = {}
        self._accounts: dict[int | None, str] = {None: self._name("Assets", WITHOUT_ACCOUNT)}
        for pk, account in names.accounts.items():
            root = "Liabilities" if account.type == AccountType.CARD else "Assets"
            self._accounts[pk] = self._name(root, account.name)
        self._categories: dict[int, str] = {
            pk: self._name(*_path(category, names.catalog.categories))
            for pk, category in names.catalog.categories.items()
        }
        self._uncategorized = {kind: self._name(root, UNCATEGORIZED) for kind, root in ROOTS.items()}
        self.opening_balances = self._name("Equity", OPENING_BALANCES)

    def account(self, pk: int | None) -> str:
        """Return the name of an account by its id, or of the one for rows without an account."""
        return self._accounts[pk]

    def category(self, row: ExportRow) -> str:
        """Return the name of a row's category; without one, that of its kind."""
        if row.category_id is not None:
            return self._categories[row.category_id]
        return self._uncategorized["expense" if row.kind == "refund" else row.kind]

    def _name(self, root: str, *path: str) -> str:
        """Return a name that no other account or category has: equal ones are numbered."""
        stem = name = ":".join([root, *(self._clean(part) for part in path)])
        n = 2
        while name in self.own_names:
            name = f"{stem}{self._clean(f'x {n}')[1:]}"
            n += 1
        self.own_names[name] = " > ".join(path)
        return name


def _path(category: Category, categories: Mapping[int, Category]) -> list[str]:
    """Return the names from the root of the tree to the category; the root is not named twice."""
    root, path = ROOTS[category.kind], [category.display_name]
    while category.parent_id is not None and category.parent_id in categories:
        category = categories[category.parent_id]
        path.insert(0, category.display_name)
    return path if path[0] == root and len(path) > 1 else [root, *path]


def bookings(rows: Iterable[ExportRow], chart: ChartOfAccounts) -> Iterator[Booking]:
    """Yield an entry for each transaction; parts of one split transaction that follow one another are one entry."""
    for _, same in groupby(rows, key=lambda row: row.whole or -row.id):
        parts = list(same)
        first = parts[0]
        whole = sum((Decimal(row.amount) for row in parts), Decimal(0))
        postings = [Posting(chart.account(first.account_id), f"{whole:f}", first.currency)]
        postings += [Posting(chart.category(row), f"{-Decimal(row.amount):f}", row.currency) for row in parts]
        yield Booking(
            code=str(first.whole or first.id),
            day=first.day,
            merchant=first.merchant,
            description=first.description,
            tags=tuple(dict.fromkeys(tag for row in parts for tag in row.tags.split(TAG_SEPARATOR) if tag)),
            notes=" ".join(dict.fromkeys(row.notes for row in parts if row.notes)),
            postings=tuple(postings),
        )


def opening_bookings(balances: Iterable[OpeningBalance], chart: ChartOfAccounts, *, day: str) -> Iterator[Booking]:
    """Yield the entry of each opening balance, against the account for all of them."""
    for balance in balances:
        account, currency = chart.account(balance.account.pk), balance.account.currency
        opposite = balance.amount[1:] if balance.amount.startswith("-") else f"-{balance.amount}"
        postings = (Posting(account, balance.amount, currency), Posting(chart.opening_balances, opposite, currency))
        yield Booking("", day, "", "Opening balance", (), "", postings)


def encoded(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield the texts in UTF-8, many at a time."""
    rest = iter(texts)
    while part := "".join(islice(rest, N_JOINED)):
        yield part.encode()


def day_before(day: str) -> str:
    """Return the day before, on which accounts are opened."""
    return str(dt.date.fromisoformat(day) - dt.timedelta(days=1))
