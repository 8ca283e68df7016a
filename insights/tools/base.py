"""The interface of a tool: a name, what it does, its parameters, and figures as the answer."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import ledger_id_of
from insights.calendars import Calendar
from providers.redaction import Redactor

#: An answer for a model has so many bytes of JSON at most.
MOST_BYTES = 4096
#: A text for a model is cut after so many characters, once it is redacted: some banks write hundreds.
TEXT_LENGTH = 80
TEXTS = ("description", "merchant", "category_name")


@dataclass(frozen=True)
class Asker:
    """The person whose ledger is read, on the day of the question."""

    user: User
    catalog: Catalog
    today: dt.date

    @property
    def currency(self) -> str:
        """The base currency, which all figures are in."""
        return self.user.base_currency

    @property
    def calendar(self) -> Calendar:
        """Weeks and months as the person counts them."""
        return Calendar(self.user.week_start, self.user.month_start)

    @cached_property
    def ledger_id(self) -> int:
        return ledger_id_of(self.user)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an answer. `filter` is the path of the API, with its query, that lists the rows behind it.

    `value` is a decimal string as the API writes it, a number, a percentage or a day. `currency` is None for all but
    amounts. `key` tells what it is, such as `expense` or `category`. `filter` is "" if no address lists these rows.
    """

    label: str
    value: str
    currency: str | None = None
    filter: str = ""
    key: str = ""
    #: The label has the text of a row of which the other side is a person.
    is_person: bool = False
    #: The parts of the label, for those who write it in another language: a name, a rhythm and a day.
    name: str = ""
    rhythm: str = ""
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """The answer of a tool: figures, the rows that it names, and remarks such as “no rate for CHF”."""

    figures: tuple[Figure, ...] = ()
    #: Bodies with id, date, kind, description, merchant, amount, currency, category_name and is_person.
    transactions: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()
    #: What was read, such as the first and last day; JSON.
    body: Mapping[str, Any] = field(default_factory=dict)

    def for_model(self, redactor: Redactor, *, most_bytes: int = MOST_BYTES) -> str:
        """Return the answer as JSON for a model: texts redacted, without addresses, at most `most_bytes` long.

        Names of merchants stay. Rows are left out first, then figures, from the end; `left_out` counts them.
        """

        def shown(text: str, *, is_person: bool = False) -> str:
            return redactor.redact(text, is_person=is_person)[:TEXT_LENGTH]

        figures = [
            {"label": shown(one.label, is_person=one.is_person), "value": one.value}
            | ({"currency": one.currency} if one.currency else {})
            for one in self.figures
        ]
        rows = []
        for body in self.transactions:
            row = dict(body)
            is_person = row.pop("is_person", False)
            rows.append(row | {name: shown(str(row[name]), is_person=is_person) for name in TEXTS if row.get(name)})
        answer: dict[str, Any] = {**self.body, "remarks": [redactor.redact(one) for one in self.remarks]}
        n_left_out = 0
        while True:
            besides = {"left_out": n_left_out} if n_left_out else {}
            text = json.dumps(answer | {"figures": figures, "transactions": rows} | besides, ensure_ascii=False)
            if len(text.encode()) <= most_bytes or not (rows or figures):
                return text
            (rows or figures).pop()
            n_left_out += 1

    def with_remarks(self, *remarks: str) -> "ToolAnswer":
        """Return the answer with more remarks; empty ones are left out."""
        return replace(self, remarks=(*self.remarks, *(one for one in remarks if one)))


def errors_for_model(error: ValidationError, redactor: Redactor) -> str:
    """Return errors of arguments as JSON for a model, redacted: they may propose names of accounts and tags."""

    def redacted(detail: Any) -> Any:
        if isinstance(detail, dict):
            return {name: redacted(one) for name, one in detail.items()}
        return [redacted(one) for one in detail] if isinstance(detail, list) else redactor.redact(str(detail))

    return json.dumps({"errors": redacted(error.detail)}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that reads. `parameters` checks the arguments as a body of the API; `run` gets the valid serializer."""

    name: str
    description: str
    parameters: type[StrictSerializer]
    run: Callable[[Asker, Any], ToolAnswer]
