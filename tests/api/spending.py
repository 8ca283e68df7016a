"""Ledgers with a history to judge by: every week its groceries, every month its rent."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

#: A Monday.
FIRST = dt.date(2025, 1, 6)
Row = dict[str, Any]


def row(day: dt.date, amount: str, text: str, category: str | None, **fields: Any) -> Row:
    fixed = {"date": day.isoformat(), "amount": amount, "description": text, "category": category}
    return fixed | {"direction": "out", "currency": "EUR"} | fields


def groceries(n_weeks: int, first: dt.date = FIRST) -> list[Row]:
    """Return groceries of 48 to 52 on the Wednesday of each week."""
    days = [first + dt.timedelta(7 * week + 2) for week in range(n_weeks)]
    return [row(day, f"{48 + place % 5}.00", "Corner shop", "Groceries") for place, day in enumerate(days)]


def rents(n_months: int, amount: str = "800.00", year: int = 2025) -> list[Row]:
    """Return a rent on the second of each month."""
    days = [dt.date(year + month // 12, month % 12 + 1, 2) for month in range(n_months)]
    return [row(day, amount, "Rent Meyer", "Housing") for day in days]


def record(api: Any, rows: Sequence[Row] | Iterable[Row]) -> list[int]:
    """Record all rows and return their ids."""
    rows, ids = list(rows), list[int]()
    for start in range(0, len(rows), 100):
        answer = api.post("transactions/bulk/", {"transactions": rows[start : start + 100]})
        assert answer.status_code in {200, 201}, answer.content
        assert not answer.json().get("errors"), answer.json()
        ids += [one["id"] for one in answer.json()["created"]]
    return ids
