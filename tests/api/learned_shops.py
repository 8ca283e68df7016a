"""Invented shops of one person, whose names tell what they sell only to who has learned it."""

from itertools import cycle, islice
from typing import Any

from tests.conftest import Api

SHOPS = {
    "Hund": ("Pfotenglück Filiale {}", "Pfotenstube am Markt {}", "Napf und Pfoten {}"),
    "Boulder": ("Blockwerk Halle {}", "Blockfest Ticket {}", "Kletterblock Kasse {}"),
}


def record_confirmed(api: Api, n: int, *, skip: int = 0) -> None:
    """Record so many confirmed transactions in categories of the person's own, after the first `skip`."""
    names = {category["name"] for category in api.get("categories/").json()["results"]}
    for name in SHOPS.keys() - names:
        api.post("categories/", {"name": name, "kind": "expense"})
    bodies = [{"kind": "expense", **body} for body in confirmed_bodies(skip + n)[skip:]]
    answer = api.post("transactions/bulk/", {"transactions": bodies})
    assert answer.status_code == 200, answer.json()
    assert len(answer.json()["created"]) == n


def confirmed_bodies(n: int) -> list[dict[str, Any]]:
    """Bodies of `n` transactions with categories of the person's own, each text another."""
    patterns = [(category, shop) for category, shops in SHOPS.items() for shop in shops]
    words = [f"{a}{b}" for a in ("nord", "süd", "ost", "west") for b in ("tor", "ufer", "berg", "hof", "feld", "see")]
    return [
        {
            "amount": f"{10 + i % 7}.00",
            "currency": "EUR",
            "date": f"2026-0{1 + i % 9}-{1 + i % 27:02}",
            "description": shop.format(words[i % len(words)]),
            "category": category,
        }
        for i, (category, shop) in enumerate(islice(cycle(patterns), n))
    ]
