"""Rows for the tests of reports, in months of 2024 that are over."""

from decimal import Decimal
from typing import Any

from tests.conftest import Api

NOTHING: dict[str, Any] = {"income": "0.00", "expense": "0.00", "savings": "0.00"}
UNCONVERTED: dict[str, Any] = {"rates_used": [], "rates_url": None}
COMPLETE: dict[str, Any] = {
    "is_complete": True, "n_unconverted": 0, "rates": {}, "n_missing": 0, "missing": [], **UNCONVERTED,
}  # fmt: skip


def record(api: Api, amount: str, category: str | None = None, date: str = "2024-11-02", **fields: Any) -> Any:
    """Record a row; money comes in with a category of income, or if `direction` says so."""
    direction = "in" if category == "Salary" else "out"
    row = {"amount": amount, "description": "Row", "category": category, "date": date, "direction": direction}
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def report(api: Api, name: str, **query: Any) -> Any:
    """Return the body of a report."""
    answer = api.get(f"insights/{name}/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def category_of(api: Api, name: str) -> int:
    found = next(one["id"] for one in api.get("categories/?page_size=100").json()["results"] if one["name"] == name)
    assert isinstance(found, int)
    return found


def total(items: Any, name: str) -> Decimal:
    return sum((Decimal(item[name]) for item in items), Decimal(0))
