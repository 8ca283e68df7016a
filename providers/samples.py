"""Transactions that any link has to live with: ordinary ones, and texts that no bank should send but some do."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from providers.interface import OfferedCategory, Question

CATEGORIES = (
    OfferedCategory(1, "Groceries", "expense", "groceries", "Supermarkets and bakeries"),
    OfferedCategory(2, "Dining", "expense", "dining", "Restaurants and cafes"),
    OfferedCategory(3, "Büro & Ölwechsel", "expense"),
    OfferedCategory(4, "Income", "income", "income"),
    OfferedCategory(5, "Transfers", "transfer", "transfers"),
)
HOSTILE_TEXTS = {
    "empty": "",
    "blanks": " \t\n ",
    "digits only": "4711 0815 20261102",
    "10,000 characters": "abc " * 2_500,
    "10,000 characters without a blank": "x" * 10_000,
    "emoji": "🍕👩‍👩‍👧‍👦🇩🇪",
    "right to left": "مقهى القمر \u200fקפה\u202e drow",
    "NUL": "Cafe\x00Luna\x1b[2J",
    "unknown script": "𒀀𒁀𐎠ꦄ𞤀",
    "half a surrogate pair": "Cafe \ud83c Luna",
    "code": "'; DROP TABLE rules; -- {0} %s ${HOME} <script>",
}


def ordinary(categories: tuple[OfferedCategory, ...] = CATEGORIES, owner: int = 1) -> list[Question]:
    """Payments as they come, twins among them: equal rows, and rows that differ in one thing only."""
    cafe = Question("CAFE LUNA 4711", categories, owner, "out", "", Decimal("4.50"), "EUR", dt.date(2026, 11, 2))
    return [
        cafe,
        replace(cafe),
        replace(cafe, amount=Decimal("45.00"), date=dt.date(2026, 11, 3)),
        replace(cafe, description="Cafe Luna  0815"),
        replace(cafe, merchant="Cafe Luna", account=7, country="DE"),
        replace(cafe, direction="in"),
        replace(cafe, trigger="import", examples=(("Cafe Luna", categories[0].id),) if categories else ()),
        replace(cafe, amount=None, currency="", date=None),
        replace(cafe, categories=()),
        replace(cafe, categories=categories[:1]),
        replace(cafe, description="Monthly salary", direction="in", amount=Decimal("2500.0000")),
        replace(cafe, description="Bakery at the corner", amount=Decimal("0.0001"), currency="KWD"),
    ]


def hostile(categories: tuple[OfferedCategory, ...] = CATEGORIES, owner: int = 1) -> dict[str, Question]:
    """A transaction for each hostile text, by what is the matter with it, with the text as merchant too."""
    as_text = {name: Question(text, categories, owner) for name, text in HOSTILE_TEXTS.items()}
    as_merchant = {
        f"{name} as merchant": Question("Cafe", categories, owner, "out", text) for name, text in HOSTILE_TEXTS.items()
    }
    return as_text | as_merchant
