"""Invented confirmed rows, in memory and in a ledger."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from benchmarks.labeled_files import CATEGORIES, OWNER
from providers.interface import LabeledQuestion, Question
from providers.normalization import normalize

_OFFER = tuple(category for category in CATEGORIES if category.kind != "income")
_EXPENSES = tuple(category for category in CATEGORIES if category.kind == "expense")
_KNOWN = ("REWE", "EDEKA", "SHELL", "APOTHEKE", "CAFE", "IKEA", "HOTEL", "BAECKEREI", "NETFLIX.COM")
_LETTERS = "abcdefghijklmnoprstuvwz"
_DAYS = 730
#: Share of visits to known shops, and of visits with the shop's usual category.
_RETURNS, _USUAL = 0.5, 0.95


class _Shop(NamedTuple):
    name: str
    usual: int
    other: int


def invent(n: int, *, seed: int = 1) -> Iterator[LabeledQuestion]:
    """Return rows of one user, the oldest first: half at shops that are visited again, a few of them often."""
    chance = random.Random(seed)
    shops = [_open_shop(chance) for _ in range(max(n // 6, 20))]
    visits = list(range(len(shops)))
    weights = [1 / (place + 1) for place in visits]
    for i in range(n):
        is_known = chance.random() < _RETURNS
        shop = shops[chance.choices(visits, weights)[0]] if is_known else _open_shop(chance)
        question = Question(
            description=f"{shop.name} {chance.randrange(10_000)} {chance.choice('ABCDE')}TOWN",
            categories=_OFFER,
            owner=OWNER,
            amount=Decimal(chance.randrange(100, 20_000)) / 100,
            currency="EUR",
            date=date(2024, 1, 1) + timedelta(days=i * _DAYS // n),
            country="DE",
        )
        yield LabeledQuestion(question, shop.usual if chance.random() < _USUAL else shop.other)


def _open_shop(chance: random.Random) -> _Shop:
    """Return a shop; half have a known brand or general word in front, the others unknown words."""
    first, second = ("".join(chance.choices(_LETTERS, k=chance.randint(4, 9))) for _ in range(2))
    front = chance.choice(_KNOWN) if chance.random() < 0.5 else second
    usual, other = chance.choices(_EXPENSES, k=2)
    return _Shop(f"{front} {first}".upper(), usual.id, other.id)


def insert(user: Any, *, n: int) -> None:
    """Confirm `n` invented rows on a new account of the user."""
    from expenses.categorization.catalog import Catalog
    from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
    from expenses.models import Transaction as Row
    from expenses.services.accounts import open_account

    account = open_account(by=user, fields={"name": "Checking", "currency": "EUR", "country": "DE"})
    catalog, keys = Catalog.load_for(user), {category.id: category.key for category in CATEGORIES}
    common = {
        "ledger_id": catalog.ledger_id, "account": account, "kind": "expense", "direction": "out", "currency": "EUR",
        "review_status": "confirmed", "category_source": "user",
    }  # fmt: skip
    rows = []
    for version, (question, category) in enumerate(invent(n), 1):
        text = normalize(question.text)[:TEXT_LENGTH]
        rows.append(
            Row(
                **common,
                version=version,
                date=question.date,
                amount=question.amount,
                category=catalog.system(keys[category]),
                raw_description=question.description,
                description=question.description,
                search_text=question.description.casefold(),
                match_text=text,
                match_prefix=text[:PREFIX_LENGTH],
            )  # fmt: skip
        )
    Row.objects.bulk_create(rows, batch_size=500)
