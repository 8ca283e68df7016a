"""Ledgers of invented merchants: what a person would record and confirm, with as much noise as is asked for."""

import datetime as dt
import random
from typing import Any

from tests.conftest import Api

CATEGORIES = ("Groceries", "Dining", "Transport", "Shopping", "Healthcare", "Entertainment")
#: Words that tell of a category, which merchants of the same category share now and then.
WORDS = {
    "Groceries": ("harvest", "pantry", "greens"),
    "Dining": ("kettle", "ladle", "supper"),
    "Transport": ("axle", "harbor", "railway"),
    "Shopping": ("bazaar", "emporium", "outfit"),
    "Healthcare": ("balm", "remedy", "clinic"),
    "Entertainment": ("curtain", "fiddle", "arcade"),
}
FIRST = ("Quill", "Brindle", "Thorn", "Willow", "Copper", "Marsh", "Otter", "Lark", "Tansy", "Grove", "Pebble", "Ivory")
LAST = ("wick", "ford", "stead", "bridge", "worth", "field", "mere", "dale", "combe", "gate")
TOWNS = ("North", "South", "East", "West", "Mill", "Park")


def generated_rows(n: int, *, noise: float = 0.0, seed: int = 7) -> list[dict[str, Any]]:
    """Rows in the order of their days, each with its right category.

    A few merchants come often and many seldom; `noise` is the share of rows that their owner puts anywhere.
    """
    rng = random.Random(seed)  # noqa: S311 - the same rows each time
    merchants = [_merchant(rng, first, last) for first in FIRST for last in LAST]
    rng.shuffle(merchants)
    weights = [1 / (rank + 3) for rank in range(len(merchants))]
    start = dt.date(2025, 1, 1)
    rows = []
    for i in range(n):
        [(name, category)] = rng.choices(merchants, weights)
        chosen = rng.choice(CATEGORIES) if rng.random() < noise else category
        text = f"{name} {rng.choice(TOWNS)} {rng.randrange(10, 9999)}"
        day = start + dt.timedelta(days=i * 600 // n)
        amount = f"{rng.uniform(2, 90):.2f}"
        rows.append(
            {"direction": "out", "amount": amount, "date": day.isoformat(), "description": text, "category": chosen}
        )
    return rows


def _merchant(rng: random.Random, first: str, last: str) -> tuple[str, str]:
    category = rng.choice(CATEGORIES)
    name = f"{first}{last}"
    return (f"{name} {rng.choice(WORDS[category])}" if rng.random() < 0.6 else name), category


def record(api: Api, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bodies of what was recorded: confirmed where the rows have categories."""
    created: list[dict[str, Any]] = []
    for start in range(0, len(rows), 1000):
        answer = api.post("transactions/bulk/", {"transactions": rows[start : start + 1000]})
        assert answer.status_code == 200, answer.json()
        assert answer.json()["errors"] == []
        created += answer.json()["created"]
    return created
