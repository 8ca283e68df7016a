"""Reads labeled transactions: CSV files with date, description, amount, currency, country, category, also_right.

`amount` above 0 is money in. `category` is the default name of one of the system's categories, else the name of one
that its owner made. `also_right` lists, apart by semicolons, other categories that count as right.
"""

import csv
import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from providers.interface import Direction, LabeledQuestion, OfferedCategory, Question
from providers.normalization import normalize

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "categorization"
SAMPLES = Path(__file__).with_name("samples")
OWNER = 1

_EXPENSES = (
    ("groceries", "Groceries"),
    ("dining", "Dining"),
    ("transport", "Transport"),
    ("travel", "Travel"),
    ("housing", "Housing"),
    ("utilities", "Utilities"),
    ("shopping", "Shopping"),
    ("entertainment", "Entertainment"),
    ("healthcare", "Healthcare"),
    ("personal-care", "Personal Care"),
    ("education", "Education"),
    ("subscriptions", "Subscriptions"),
    ("insurance", "Insurance"),
    ("fees-taxes", "Fees & Taxes"),
    ("gifts-donations", "Gifts & Donations"),
    ("pets", "Pets"),
    ("kids", "Kids"),
    ("other", "Other"),
)
_INCOMES = (("income", "Income"), ("salary", "Salary"), ("interest", "Interest"), ("other-income", "Other income"))
CATEGORIES = (
    *(OfferedCategory(number, name, "expense", key) for number, (key, name) in enumerate(_EXPENSES, 1)),
    *(OfferedCategory(number, name, "income", key) for number, (key, name) in enumerate(_INCOMES, 101)),
    OfferedCategory(201, "Transfers", "transfer", "transfers"),
)
_FIRST_OWN = 1001


class LabeledRow(NamedTuple):
    """A transaction, the category that its owner chose, and all that count as right (ids)."""

    question: Question
    category: int
    right: frozenset[int]

    @property
    def confirmed(self) -> LabeledQuestion:
        return LabeledQuestion(self.question, self.category)

    @property
    def text(self) -> str:
        return normalize(self.question.text)


@dataclass(frozen=True)
class LabeledFile:
    """One person's transactions in the order of the file, and their categories by id."""

    name: str
    rows: Sequence[LabeledRow]
    categories: Mapping[int, OfferedCategory]


class _Line(NamedTuple):
    """A line of the file: the transaction without categories, and the names in their columns."""

    question: Question
    category: str
    also_right: tuple[str, ...]


def find_files(given: Sequence[str]) -> list[Path]:
    """The files that were named, those of the folders that were named, else those of FOLDER, else of SAMPLES."""
    named = [Path(one) for one in given] or [FOLDER]
    found = [path for one in named for path in (sorted(one.glob("*.csv")) if one.suffix != ".csv" else [one])]
    if found:
        return found
    places = ", ".join(map(str, named))
    print(f"No CSV files in {places}: the invented rows of benchmarks/{SAMPLES.name} are measured instead.")
    return sorted(SAMPLES.glob("*.csv"))


def read_file(path: Path, *, is_renamed: bool = False) -> LabeledFile:
    """The rows in the order of the file. Labels that are no default category become categories of the owner's own,
    offered beside the defaults; `is_renamed` makes every category an own one with another name.
    """
    lines = _read_lines(path)
    categories = [*CATEGORIES, *_own_categories(lines)]
    ids = {category.name: category.id for category in categories}
    rights = {name: frozenset({number}) for name, number in ids.items()}
    rights["Income"] = frozenset(c.id for c in CATEGORIES if c.kind == "income")  # files know one kind of income
    if is_renamed:
        categories = [replace(c, name=f"Nr. {c.id}", key="", description="") for c in categories]
    offers = {"in": tuple(categories), "out": tuple(c for c in categories if c.kind != "income")}
    rows = [
        LabeledRow(
            replace(line.question, categories=offers[line.question.direction]),
            ids[line.category],
            frozenset().union(*(rights.get(name, ()) for name in (line.category, *line.also_right))),
        )
        for line in lines
    ]
    return LabeledFile(path.stem, rows, {category.id: category for category in categories})


def _read_lines(path: Path) -> list[_Line]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [_read_line(row) for row in csv.DictReader(file)]


def _read_line(row: Mapping[str, str]) -> _Line:
    amount = Decimal(row["amount"]) if row["amount"] else None
    direction: Direction = "in" if amount is not None and amount > 0 else "out"
    question = Question(
        description=row["description"],
        categories=(),
        owner=OWNER,
        direction=direction,
        amount=None if amount is None else abs(amount),
        currency=row["currency"],
        date=dt.date.fromisoformat(row["date"]) if row["date"] else None,
        country="GB" if row["country"] == "UK" else row["country"],
    )
    also = (name.strip() for name in (row["also_right"] or "").split(";"))
    return _Line(question, row["category"], tuple(filter(None, also)))


def _own_categories(lines: Sequence[_Line]) -> list[OfferedCategory]:
    """One for each label that is no default; of income where money only ever came in."""
    default = {category.name for category in CATEGORIES}
    directions: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.category not in default:
            directions[line.category].add(line.question.direction)
    return [
        OfferedCategory(number, name, "income" if seen == {"in"} else "expense")
        for number, (name, seen) in enumerate(directions.items(), _FIRST_OWN)
    ]
