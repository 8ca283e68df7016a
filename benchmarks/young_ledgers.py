"""Invented young ledgers: the files of two banks with half a year of a household, and texts that nobody can know."""

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benchmarks.statement_rows import (
    FIRST,
    OWN,
    SYLLABLES,
    Household,
    StatementRow,
    coin_word,
    half_a_year,
    load_countries,
)

#: Fewest and most rows of a ledger, and texts without sense for each language.
N_ROWS, N_NONSENSE = (150, 400), 10
#: Names of the two accounts, and days before the month that is imported at the end.
ACCOUNTS, DAYS_BEFORE = ("Giro", "Card"), 145


@dataclass(frozen=True)
class BankFile:
    """An account and the file that its bank writes."""

    account: str
    content: bytes
    date_format: str
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True)
class YoungLedger:
    """A household: what it imports, how it answers, and texts that nobody can know."""

    name: str
    country: str
    currency: str
    #: The first five months, and the sixth, which the owner imports at the end of the evening.
    files: tuple[BankFile, ...]
    next_month: tuple[BankFile, ...]
    n_confirmations: int
    #: Whether one answer is for a whole group of the review queue, or for one of its rows.
    answers_groups: bool
    n_rules: int
    nonsense: tuple[str, ...]
    private: tuple[str, ...]


def invent_ledgers(n: int, *, seed: int = 1) -> list[YoungLedger]:
    """Return `n` ledgers, equal for equal seeds: the countries in turn, with ever more confirmations."""
    codes = list(load_countries())
    return [_invent(codes[number % len(codes)], number, seed) for number in range(n)]


def _invent(code: str, number: int, seed: int) -> YoungLedger:
    table, chance = load_countries()[code], random.Random(f"{seed} {number} {code}")
    own = dict(chance.sample(sorted(OWN.items()), 2)) if number % 3 == 1 else {}
    household = Household(table, chance, own)
    rows = sorted(half_a_year(household, chance.randint(*N_ROWS)), key=lambda row: row.date)
    next_month = FIRST + dt.timedelta(days=DAYS_BEFORE)
    known = set(household.persons)
    strangers = [name for name in (household.new_person() for _ in range(60)) if name not in known]
    return YoungLedger(
        name=f"{code} {number + 1}",
        country=code,
        currency=table["currency"],
        files=tuple(_files(table, [row for row in rows if row.date < next_month])),
        next_month=tuple(_files(table, [row for row in rows if row.date >= next_month])),
        n_confirmations=(60, 30, 60, 10, 60)[number % 5],
        answers_groups=number % 2 == 0,
        n_rules=3 if number % 4 == 3 else 0,
        nonsense=tuple(_nonsense(chance)),
        private=tuple(household.text(of="person", person=name) for name in strangers[:12]),
    )


def _nonsense(chance: random.Random) -> Iterator[str]:
    """Return words of no language, which can be pronounced in one; some texts have two."""
    for language in SYLLABLES:
        for i in range(N_NONSENSE):
            yield " ".join(coin_word(chance, language) for _ in range(1 + i % 2))


def _files(table: Mapping[str, Any], rows: Sequence[StatementRow]) -> Iterator[BankFile]:
    """Yield the file of each account."""
    for account, (name, layout) in enumerate(zip(ACCOUNTS, table["files"], strict=True)):
        own = tuple(row for row in rows if row.account == account)
        yield BankFile(name, _written(layout, own, table["currency"]), layout["date"], own)


def _written(layout: Mapping[str, Any], rows: Sequence[StatementRow], currency: str) -> bytes:
    """Return the file of a bank: its columns, dates, decimals, signs and encoding."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=layout["delimiter"], lineterminator="\r\n")
    writer.writerow([title for title, _ in layout["columns"]])
    balance = Decimal(1500)
    for row in rows:
        balance += row.amount
        writer.writerow([_cell(layout, role, row, currency, balance) for _, role in layout["columns"]])
    return file.getvalue().encode(layout.get("encoding", "utf-8"), errors="replace")


def _cell(layout: Mapping[str, Any], role: str, row: StatementRow, currency: str, balance: Decimal) -> str:
    match role.split(":"):
        case ["date"]:
            return row.date.strftime(layout["date"])
        case ["payee"]:
            return row.payee
        case ["text" | "all"]:
            text = row.text.upper() if layout.get("is_upper") else row.text
            return text[: layout.get("width")].strip()
        case ["amount"]:
            return _number(layout, row.amount)
        case ["unsigned"]:
            return _number(layout, abs(row.amount))
        case ["debit"]:
            return _number(layout, -row.amount) if row.amount < 0 else ""
        case ["credit"]:
            return _number(layout, row.amount) if row.amount > 0 else ""
        case ["flag", out, into]:
            return out if row.amount < 0 else into
        case ["balance"]:
            return _number(layout, balance)
        case _:
            return currency


def _number(layout: Mapping[str, Any], amount: Decimal) -> str:
    text = f"{amount:,.2f}".replace(",", "\0").replace(".", layout["decimal"])
    return text.replace("\0", layout.get("thousands", ""))
