"""Reader of labeled transactions: CSV files with date, description, amount, currency, country, category, also_right.

An `amount` above 0 is money in. `category` is the default name of a system category, or the name of an own one.
`also_right` lists other categories that count as right, separated by semicolons.
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
    """A transaction, the id of its chosen category, and the ids of all categories that count as right."""

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
    """One user's transactions in the order of the file, and their categories by id."""

    name: str
    rows: Sequence[LabeledRow]
    categories: Mapping[int, OfferedCategory]


class LabeledLine(NamedTuple):
    """A transaction without categories, the name of its category, and names that also count as right."""

    question: Question
    category: str
    also_right: tuple[str, ...]


def find_files(given: Sequence[str]) -> list[Path]:
    """Return the given files and the files of the given folders; by default those of FOLDER, else of SAMPLES."""
    named = [Path(one) for one in given] or [FOLDER]
    found = [path for one in named for path in (sorted(one.glob("*.csv")) if one.suffix != ".csv" else [one])]
    if found:
        return found
    places = ", ".join(map(str, named))
    print(f"No CSV files in {places}: the invented rows of benchmarks/{SAMPLES.name} are measured instead.")
    return sorted(SAMPLES.glob("*.csv"))


def read_file(path: Path, *, is_renamed: bool = False) -> LabeledFile:
    """Read the rows in the order of the file. Labels that are no default category become own categories.

    With `is_renamed` every category becomes an own one with another name.
    """
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return label(path.stem, [_read_line(row) for row in csv.DictReader(file)], is_renamed=is_renamed)


def label(name: str, lines: Sequence[LabeledLine], *, is_renamed: bool = False) -> LabeledFile:
    """Return the lines with the ids of their categories, as of a file of this name."""
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
    return LabeledFile(name, rows, {category.id: category for category in categories})


def _read_line(row: Mapping[str, str]) -> LabeledLine:
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
    return LabeledLine(question, row["category"], tuple(filter(None, also)))


def _own_categories(lines: Sequence[LabeledLine]) -> list[OfferedCategory]:
    """Return a category for each label that is no default; an income category if money only came in."""
    default = {category.name for category in CATEGORIES}
    directions: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.category not in default:
            directions[line.category].add(line.question.direction)
    return [
        OfferedCategory(number, name, "income" if seen == {"in"} else "expense")
        for number, (name, seen) in enumerate(directions.items(), _FIRST_OWN)
    ]
