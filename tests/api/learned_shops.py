"""Invented shops of one person, whose names tell what they sell only to who has learned it."""

from itertools import cycle, islice
from typing import Any

SHOPS = {
    "Hund": ("Pfotenglück Filiale {}", "Pfotenstube am Markt {}", "Napf und Pfoten {}"),
    "Boulder": ("Blockwerk Halle {}", "Blockfest Ticket {}", "Kletterblock Kasse {}"),
}


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
