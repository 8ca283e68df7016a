"""Invented rows of household accounts as banks write them, with the category that the owner means.

Texts come from `samples/countries.toml`, categories from KINDS below. Neither comes from the product's dictionary.
"""

import datetime as dt
import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

COUNTRIES = Path(__file__).with_name("samples") / "countries.toml"
FIRST, N_DAYS, N_MONTHS = dt.date(2025, 1, 2), 176, 6
#: Places of the two accounts, and the share of purchases that go to the second.
GIRO, CARD, CARD_SHARE = 0, 1, 0.6


class Kind(NamedTuple):
    """A kind of shop: its category, its rows in a thousand, the usual amount, and other right answers."""

    category: str
    weight: float
    amount: float
    also: tuple[str, ...] = ()


KINDS = {
    "supermarket": Kind("Groceries", 230, 32),
    "bakery": Kind("Groceries", 55, 6, ("Dining",)),
    "restaurant": Kind("Dining", 150, 19),
    "fuel": Kind("Transport", 40, 52),
    "transit": Kind("Transport", 60, 14, ("Travel",)),
    "parking": Kind("Transport", 18, 5),
    "clothes": Kind("Shopping", 35, 46),
    "electronics": Kind("Shopping", 15, 130),
    "online": Kind("Shopping", 55, 31),
    "furniture": Kind("Shopping", 10, 160, ("Housing",)),
    "hardware": Kind("Housing", 22, 38, ("Shopping",)),
    "drugstore": Kind("Personal Care", 40, 14, ("Shopping", "Groceries", "Healthcare")),
    "pharmacy": Kind("Healthcare", 28, 15),
    "doctor": Kind("Healthcare", 14, 70),
    "hairdresser": Kind("Personal Care", 14, 38),
    "cinema": Kind("Entertainment", 20, 24),
    "travel": Kind("Travel", 22, 190),
    "charity": Kind("Gifts & Donations", 8, 25),
    "tax": Kind("Fees & Taxes", 8, 90),
    "pets": Kind("Pets", 14, 33, ("Healthcare",)),
    "kids": Kind("Kids", 14, 60, ("Education", "Shopping")),
    "books": Kind("Shopping", 18, 19, ("Entertainment", "Education")),
    "education": Kind("Education", 10, 85),
    # Paid each month.
    "streaming": Kind("Subscriptions", 0, 11, ("Entertainment",)),
    "gym": Kind("Entertainment", 0, 28, ("Healthcare", "Personal Care", "Subscriptions")),
    "telecom": Kind("Utilities", 0, 29, ("Subscriptions",)),
    "energy": Kind("Utilities", 0, 74, ("Housing",)),
    "insurance": Kind("Insurance", 0, 41, ("Healthcare",)),
}
MONTHLY = ("streaming", "gym", "telecom", "energy", "insurance", "streaming", "telecom")
_INCOMES = ("Income", "Salary", "Other income")
#: Rows that are no shop's: name in the tables of countries → category, other right answers, usual amount, days apart.
EVENTS = {
    "salary": ("Salary", _INCOMES, 2700, 30),
    "rent": ("Housing", (), -890, 30),
    "interest": ("Interest", _INCOMES, 3, 90),
    "fee": ("Fees & Taxes", (), -5, 30),
    "savings": ("Transfers", (), -200, 30),
}
CASH = Kind("Transfers", 40, 80, ("Other",))
#: Categories that owners may mean by a payment to a person, and rows of such payments in a thousand.
PERSONS, PERSON_WEIGHT = ("Gifts & Donations", "Other", "Dining"), 35
#: Share of payments that come back.
REFUNDS = 0.02
#: Categories that some owners create when they first need them, by kind of shop.
OWN = {
    "restaurant": "Eating out", "pets": "Bruno", "fuel": "Car", "hairdresser": "Looks", "books": "Reading",
    "doctor": "Doctors",
}  # fmt: skip
#: Beginnings, vowels and ends of syllables by language.
SYLLABLES = {
    "German": ("bl schr gn pf qu zw kr tr dr schl", "o u ü ei au ä", "rf mpf tz ngs lm rz"),
    "English": ("thr sq wh gl sn bl fr tw", "oo ea u i o ou", "rk ndge mp ft ld sh"),
    "French": ("gr bl vr pl cl dr fl", "ou eau oi an é in", "gne lle rde squ vre nt"),
    "Italian": ("gl sb zr str cr gn sp", "a io u e uo o", "zzo cchi ggia ndro sto rlu"),
    "Polish": ("szcz prz krz zw chr gw dzb", "y u a ie o ę", "szk wicz mbrz ństw rcz łk"),
    "Swedish": ("skv fj kn br sj gr sm", "ö å y ä u o", "rsk ngl mpl vd rjk st"),
}
#: Names of shops that do not tell what they sell; least and most share of payments there, and that of shops seen once.
SMALL_SHOPS = ("{name} {form}", "{name}", "SumUp  *{name}", "{name} {form}", "PAYPAL *{name}")
SMALLNESS, ONCE = (0.15, 0.45), 0.3


@dataclass(frozen=True)
class StatementRow:
    """A row of a bank: money out is negative. `right` holds all names of categories that count as right."""

    #: Kind of shop, "cash", "person", or the name of an event.
    kind: str
    #: GIRO or CARD.
    account: int
    date: dt.date
    amount: Decimal
    payee: str
    text: str
    category: str
    right: frozenset[str]


@dataclass
class Household:
    """Random choices of one household in a country."""

    table: Mapping[str, Any]
    chance: random.Random
    own: Mapping[str, str]
    shops: dict[str, list[str]] = field(default_factory=dict)
    #: Small shops of which the name does not tell what they sell.
    small_shops: dict[str, list[str]] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    #: Share of payments at small shops.
    smallness: float = 0.0
    #: Names of families that were not met yet: two shops seldom share one.
    families: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.smallness = self.chance.uniform(*SMALLNESS)
        self.families = self.chance.sample(self.table["family"], len(self.table["family"]))
        for _ in range(4):
            self.persons[self.new_person()] = self.chance.choice(PERSONS)
        for kind, known in self.table["shops"].items():
            n = min(len(known), 5 if kind in ("supermarket", "restaurant") else self.chance.randint(1, 3))
            self.shops[kind] = [self.filled(one) for one in self.chance.sample(known, n)]
            self.small_shops[kind] = [self.small_shop() for _ in range(2)]

    def filled(self, pattern: str, **given: str) -> str:
        words = {"town": self.chance.choice(self.table["towns"]), "n": str(self.chance.randrange(100, 9999))}
        if "{family}" in pattern:
            words["family"] = self.new_family()
        return pattern.format(**(words | given))

    def text(self, *, of: str, **given: str) -> str:
        return self.filled(self.chance.choice(self.table[of]), **given)

    def new_person(self) -> str:
        return f"{self.chance.choice(self.table['given'])} {self.new_family()}"

    def new_family(self) -> str:
        """Return a name that was not met yet, or a known one when all were."""
        return self.families.pop() if self.families else self.chance.choice(self.table["family"])

    def small_shop(self) -> str:
        """Return a name of a family, or a coined one, with the legal form or the terminal's name around it."""
        chance = self.chance
        is_coined = chance.random() < 0.7
        name = coin_word(chance, self.table["language"]) if is_coined else self.new_family()
        return self.filled(chance.choice(SMALL_SHOPS), name=name, form=chance.choice(self.table["forms"]))

    def shop(self, kind: str) -> str:
        """Return where the household buys now: at a known shop, a small one, or one that it visits once."""
        chance = self.chance
        if chance.random() >= self.smallness:
            known = self.shops[kind]
            return chance.choices(known, [1 / (i + 1) for i in range(len(known))])[0]
        return self.small_shop() if chance.random() < ONCE else chance.choice(self.small_shops[kind])

    def amount(self, usual: float) -> Decimal:
        return Decimal(round(usual * 100 * self.chance.lognormvariate(0, 0.5)) or 1) / 100


@cache
def load_countries() -> dict[str, Any]:
    """Return the tables by country."""
    return tomllib.loads(COUNTRIES.read_text())


def half_a_year(household: Household, n: int) -> Iterator[StatementRow]:
    """Yield `n` rows, about, in any order; those of one day differ in their amounts."""
    seen: set[tuple[dt.date, Decimal]] = set()
    for row in (*_monthly(household), *_payments(household, n)):
        amount = row.amount
        while (row.date, amount) in seen:
            amount += Decimal("0.01") if amount > 0 else -Decimal("0.01")
        seen.add((row.date, amount))
        yield replace(row, amount=amount)


def _monthly(household: Household) -> Iterator[StatementRow]:
    chance = household.chance
    for name, (category, also, usual, days) in EVENTS.items():
        pattern = household.filled(chance.choice(household.table[name]), month="{month}")
        amount = household.amount(abs(usual))
        for month in range(N_MONTHS):
            if month * 30 % days == 0:
                date = FIRST + dt.timedelta(days=month * 29 + chance.randrange(3))
                text = pattern.format(month=household.table["months"][month])
                signed = amount if usual > 0 else -amount
                yield StatementRow(name, GIRO, date, signed, "", text, category, frozenset({category, *also}))
    for kind in MONTHLY:
        shop, day = chance.choice(household.shops[kind]), chance.randrange(28)
        amount = household.amount(KINDS[kind].amount)
        for month in range(N_MONTHS):
            date = FIRST + dt.timedelta(days=month * 29 + day)
            yield _purchase(household, kind, shop, date, amount, of="debit")


def _payments(household: Household, n: int) -> Iterator[StatementRow]:
    chance = household.chance
    kinds = [kind for kind in KINDS if KINDS[kind].weight and not (kind in ("pets", "kids") and chance.random() < 0.5)]
    weights = [*(KINDS[kind].weight for kind in kinds), CASH.weight, PERSON_WEIGHT]
    for _ in range(n - 6 * (len(MONTHLY) + len(EVENTS) - 1)):
        date = FIRST + dt.timedelta(days=chance.randrange(N_DAYS))
        kind = chance.choices([*kinds, "cash", "person"], weights)[0]
        if kind == "cash":
            amount = -Decimal(chance.choice((20, 50, 100, 150)))
            right = frozenset({CASH.category, *CASH.also})
            yield StatementRow(kind, GIRO, date, amount, "", household.text(of="cash"), CASH.category, right)
        elif kind == "person":
            person, category = chance.choice(sorted(household.persons.items()))
            text = household.text(of="person", person=person)
            right = frozenset({category, "Transfers"})
            yield StatementRow(kind, GIRO, date, -household.amount(25), person, text, category, right)
        else:
            shop = household.shop(kind)
            row = _purchase(household, kind, shop, date, household.amount(KINDS[kind].amount), of="card")
            yield row
            if kind in ("clothes", "online", "electronics") and chance.random() < REFUNDS * 5:
                text = household.text(of="refund", shop=shop)
                yield replace(row, date=date + dt.timedelta(days=3), amount=-row.amount, text=text)


def _purchase(household: Household, kind: str, shop: str, date: dt.date, amount: Decimal, *, of: str) -> StatementRow:
    known = KINDS[kind]
    category = household.own.get(kind, known.category)
    text = household.text(of=of, shop=shop)
    account = CARD if of == "card" and household.chance.random() < CARD_SHARE else GIRO
    right = frozenset({category, known.category, *known.also})
    return StatementRow(kind, account, date, -amount, shop, text, category, right)


def coin_word(chance: random.Random, language: str) -> str:
    """Return a word that a language lacks but could have."""
    beginnings, vowels, ends = (part.split() for part in SYLLABLES[language])
    return "".join(map(chance.choice, (beginnings, vowels, ends, vowels, ends))).capitalize()
