"""Figures of a month that its text may name, and facts by subject and measure. Pure."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from insights.reports.periods import Period

Unit = Literal["money", "percent", "count", "date"]
Value = Decimal | int | dt.date
#: Subjects that are not one category or payee.
SPENDING, INCOME, SAVINGS, RECURRING = "spending", "income", "savings", "recurring"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The month before beside a figure, on the same days where the month is not recorded to its end."""

    previous: Decimal
    change: Decimal
    #: None where there was nothing or less before.
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """One number or day. `subject` and `measure` say what it is of; `filter` is the address that lists its rows."""

    subject: str
    measure: str
    label: str
    value: Value
    unit: Unit = "money"
    currency: str | None = None
    filter: str = ""
    comparison: Comparison | None = None

    @property
    def name(self) -> str:
        """The name within one month, such as `category-12-amount`."""
        return f"{self.subject}-{self.measure}".replace(":", "-").replace(" ", "_")


class Fact(NamedTuple):
    """A true value, and the figure that it belongs to."""

    value: Value
    unit: Unit
    currency: str | None
    figure: MonthFigure


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Everything that may be said about a month, in one currency, as of a day."""

    month: Period
    today: dt.date
    currency: str
    figures: Sequence[MonthFigure]
    #: Names of categories and payees by subject, the largest category first.
    names: Mapping[str, str]
    #: Payees of whom a statement says that they are persons.
    persons: Set[str] = frozenset()
    #: Categories by spending, and those that changed, most in money first.
    largest: Sequence[str] = ()
    changed: Sequence[str] = ()
    #: The last compared day; None where nothing can be compared.
    compared_through: dt.date | None = None
    has_months_before: bool = False
    #: The ledger's first day, where the month before lacks days because of it.
    begins_on: dt.date | None = None
    #: True if rows of the compared months have no rate.
    lacks_rates: bool = False
    #: All transactions, and those of them that have no rate.
    n: int = 0
    n_unconverted: int = 0
    #: Other currencies that are converted.
    converted: Sequence[str] = ()
    _facts: dict[tuple[str, str], Fact] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for figure in self.figures:
            self._facts.update(_facts_of(figure))

    @property
    def n_counted(self) -> int:
        """How many transactions are in the figures."""
        return self.n - self.n_unconverted

    @property
    def is_over(self) -> bool:
        return self.month.end < self.today

    @property
    def has_begun(self) -> bool:
        return self.month.start <= self.today

    @property
    def is_whole(self) -> bool:
        """True if whole months are compared."""
        return self.compared_through == self.month.end

    @property
    def payees(self) -> list[str]:
        return [subject for subject in self.names if subject.startswith("payee:")]

    def fact(self, subject: str, measure: str) -> Fact | None:
        """Return what is true, None if nothing is known."""
        return self._facts.get((subject, measure))

    def facts(self) -> Mapping[tuple[str, str], Fact]:
        """Return all facts by subject and measure."""
        return self._facts

    def amount(self, subject: str, measure: str = "amount") -> Decimal | None:
        """Return a value that is a decimal, None if it is not known."""
        found = self.fact(subject, measure)
        return found.value if found is not None and isinstance(found.value, Decimal) else None


def _facts_of(figure: MonthFigure) -> Iterator[tuple[tuple[str, str], Fact]]:
    yield (figure.subject, figure.measure), Fact(figure.value, figure.unit, figure.currency, figure)
    if figure.comparison is not None:
        compared = figure.comparison
        yield (figure.subject, "previous"), Fact(compared.previous, "money", figure.currency, figure)
        yield (figure.subject, "change"), Fact(compared.change, "money", figure.currency, figure)
        if compared.percent is not None:
            yield (figure.subject, "percent"), Fact(compared.percent, "percent", None, figure)
