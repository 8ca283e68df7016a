"""The interface of a tool: a name, what it does, its parameters, and figures as the answer."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Asker:
    """The person whose ledger is read, on the day of the question."""

    user: User
    catalog: Catalog
    today: dt.date


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an answer. `filter` is the path of the API, with its query, that lists the rows behind it.

    `value` is a decimal string as the API writes it; `currency` is None for counts, percentages and dates.
    """

    label: str
    value: str
    currency: str | None = None
    filter: str = ""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool has read: figures, the rows that it names, and remarks such as “no rate for CHF”."""

    figures: tuple[Figure, ...] = ()
    #: Bodies with id, date, description, merchant, amount, currency and category_name.
    transactions: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()
    #: The body of the report that the figures are of, where there is one.
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that reads. `parameters` checks the arguments as a body of the API; `run` gets its validated data."""

    name: str
    description: str
    parameters: type[StrictSerializer]
    run: Callable[[Asker, Mapping[str, Any]], ToolAnswer]
