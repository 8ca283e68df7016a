"""One movement of money as rules see it."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from rules.operators import ANY_OF, FIELD_TYPES, FieldType

TEXT_FIELDS = tuple(name for name, kind in FIELD_TYPES.items() if kind is FieldType.TEXT and name not in ANY_OF)


@dataclass(slots=True)  # frozen would take twice as long to make, for each row of a run
class Movement:
    """A transaction, stored or not, with all that rules look at, write and respect. Never changed in place.

    `amount` is positive; `account`, `category` and `suggested` are ids; `tags` are casefolded names; `source` says
    where the category comes from, "" if there is none.
    """

    raw_description: str = ""
    description: str = ""
    merchant: str = ""
    amount: Decimal | None = None
    direction: str = "out"
    currency: str = ""
    account: int | None = None
    category: int | None = None
    date: dt.date | None = None
    tags: frozenset[str] = frozenset()
    payment_method: str = ""
    notes: str = ""
    iban: str = ""
    mcc: str = ""
    source: str = ""
    # Rules write these fields, and no condition looks at them.
    suggested: int | None = None
    status: str = "none"
    confidence: float | None = None
    review: str | None = None
    is_excluded_from_budget: bool = False
    #: Categories that it could have.
    offered: frozenset[int] = frozenset()
    #: Fields that its owner wrote, and `tag:<casefolded name>` for tags.
    held: frozenset[str] = frozenset()
    #: Why rules can write nothing, and why they cannot write the category; "" if they can.
    obstacle: str = ""
    category_obstacle: str = ""
    #: Texts that were casefolded already, by field.
    folds: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def folded(self, name: str) -> str:
        """Return the casefolded text of a field."""
        if name not in self.folds:
            self.folds[name] = getattr(self, name).casefold()
        return self.folds[name]
