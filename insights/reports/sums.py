"""Sums of reports: rounded, shared out and compared. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import apportion, minor_units, round_to_minor_units
from expenses.reports.totals import ConvertedTotal

HUNDREDTH, WHOLE = Decimal("0.01"), Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Income and expense, rounded first, so that savings can be checked by hand. `expense` is less refunds."""

    income: Decimal
    expense: Decimal
    n: int
    n_unconverted: int

    @property
    def savings(self) -> Decimal:
        return self.income - self.expense

    @property
    def savings_rate(self) -> Decimal | None:
        """In percent of the income."""
        return percent(self.savings, self.income)


def rounded_sums(total: ConvertedTotal, currency: str, *, divided_by: Fraction = Fraction(1)) -> dict[str, Any]:
    """Return the fields of `Sums`."""
    by = divided_by
    income, expense = (amount * by.denominator / by.numerator for amount in (total.income, total.expense))
    return {
        "income": round_to_minor_units(income, currency),
        "expense": round_to_minor_units(expense, currency),
        "n": total.n,
        "n_unconverted": total.n_unconverted,
    }


@dataclass(frozen=True, slots=True)
class AmountChange:
    """A difference, absolute and in percent; percent is None where there was nothing or less before."""

    amount: Decimal | None
    percent: Decimal | None

    @classmethod
    def between(cls, old: Decimal, new: Decimal) -> "AmountChange":
        """Compare two rounded amounts."""
        return cls(new - old, percent(new - old, old))


class CategoryLabel(NamedTuple):
    """A category and the one above it; all None for no category."""

    category: int | None
    category_name: str | None
    parent: int | None
    parent_name: str | None


def label_category(category: int | None, catalog: Catalog) -> CategoryLabel:
    """Return the names of a category and of its parent."""
    found = catalog.categories.get(category or 0)
    parent = found.parent_id if found else None
    return CategoryLabel(category, catalog.name(category) or None, parent, catalog.name(parent) or None)


def rounded_parts(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return the amounts in minor units; they add up to their rounded sum."""
    return apportion(amounts, unit=Decimal(1).scaleb(-minor_units(currency)))


def shares(amounts: Sequence[Decimal]) -> list[Decimal | None]:
    """Return each amount in percent of the sum of all that are more than 0; None for the others.

    Percents have two places and are 100.00 in all.
    """
    positive = [max(amount, Decimal(0)) for amount in amounts]
    base = sum(positive)
    if not base:
        return [None] * len(amounts)
    found = apportion([amount * WHOLE / base for amount in positive], unit=HUNDREDTH)
    return [share if amount > 0 else None for share, amount in zip(found, amounts, strict=True)]


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return the part in percent with two places; None if the whole is 0 or less."""
    return (part * WHOLE / whole).quantize(HUNDREDTH, rounding=ROUND_HALF_UP) if whole > 0 else None
