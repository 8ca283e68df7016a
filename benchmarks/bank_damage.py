"""Names of merchants as banks print them: cut, glued, abbreviated or misspelled, among places, numbers and card words.

Also texts that hold no name: nonsense that can be pronounced, and names of people. Everything is drawn from a seed.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from providers.damaged_names.index import Damage
from providers.interface import Direction
from providers.merchants.dictionary import load_dictionary
from providers.merchants.provider import find_answer
from providers.normalization import normalize

#: Country → towns that texts are printed with.
TOWNS = {
    "de": ("KOELN", "Hamburg", "MUENCHEN", "LEIPZIG"),
    "gb": ("LONDON", "Leeds", "BRISTOL", "GLASGOW"),
    "us": ("SEATTLE WA", "Austin TX", "CHICAGO IL", "DENVER CO"),
    "fr": ("LYON", "Toulouse", "NANTES", "BORDEAUX"),
    "es": ("MADRID", "Sevilla", "BILBAO", "ZARAGOZA"),
    "it": ("TORINO", "Bologna", "GENOVA", "PALERMO"),
    "nl": ("UTRECHT", "Rotterdam", "EINDHOVEN", "BREDA"),
    "pl": ("KRAKOW", "Gdansk", "POZNAN", "LODZ"),
}
CARD_WORDS = {
    "de": ("KARTENZAHLUNG ", "Lastschrift ", "girocard "),
    "gb": ("CARD PAYMENT TO ", "VISA PURCHASE ", "Contactless "),
    "us": ("POS PURCHASE ", "DEBIT CARD PURCHASE ", "CHECKCARD "),
    "fr": ("PAIEMENT CB ", "CARTE ", "PRLV SEPA "),
    "es": ("COMPRA TARJ ", "RECIBO ", "PAGO CON TARJETA "),
    "it": ("PAGAMENTO POS ", "CARTA ", "ADDEBITO "),
    "nl": ("BEA ", "Betaalautomaat ", "INCASSO "),
    "pl": ("ZAKUP ", "PLATNOSC KARTA ", "BLIK "),
}
#: Characters after which banks cut a text.
WIDTHS = (18, 22)
#: The least share of a name that a cut leaves, and the largest.
LEFT = (0.6, 0.9)
#: Letters of the shortest name that takes damage: of a shorter one, too little is left.
SHORTEST = 6
GIVEN_NAMES = (
    "Anke Bastian Chiara Dagmar Emile Fiona Gaspard Hilde Imogen Jarek Kirsten Lorena Marisol Nadine Ottilie Pawel "
    "Quentin Rainer Solveig Tanja Ulrike Violeta Wojciech Ximena Yannick Zuzanna Brendan Callum Darcy Estelle Fabrice "
    "Gemma Henrik Isolde Joaquim Kacper Lidia Marcel Nuria Oriol Petra Rosalie Stefan Tomasz Ursula Vincenzo Wendy"
).split()
FAMILY_NAMES = (
    "Albrecht Bergstrom Castellano Dubrovsky Echeverria Fournier Grabowski Halvorsen Iglesias Jankowski Kowalczyk "
    "Lindqvist Marchetti Niedermeyer Olszewski Pellegrini Quintero Rousseau Schlesinger Thorvaldsen Umlauf Villanueva "
    "Wisniewski Ximenes Yeardley Zimmermann Ashworth Beauchamp Cavendish Delacroix Eberhardt Fairclough Giordano "
    "Hausmann Ivanovic Joergensen Kavanagh Lefebvre Montague Nakamura Oberholzer Papadakis Rademacher Santoro "
    "Tattersall Uhlenbrock Vandenberg Whitcombe Zawadzki Brandl Huber Keller Petersen Moreau Jansen Nowak Ferrari Costa"
).split()


class DamagedText(NamedTuple):
    """A bank's text with a damaged name in it, and the key of the category that the whole name stands for."""

    text: str
    name: str
    category: str
    damage: Damage
    country: str
    direction: Direction = "out"


def damaged_texts(names: list[tuple[str, str, str]], *, seed: int) -> Iterator[DamagedText]:
    """Yield each name, given as (name, category, country), with each kind of damage.

    Damage that leaves a known name whole in the text is left out: the dictionary finds that name.
    """
    chance = random.Random(seed)
    for name, category, country in names:
        for damage, spoil in SPOILERS.items():
            spoiled = spoil(name, country, chance)
            if spoiled and normalize(spoiled) != normalize(name):
                yield DamagedText(spoiled, name, category, damage, country)


def brand_names(*, n_per_country: int, seed: int) -> list[tuple[str, str, str]]:
    """Return titles of brands of several countries with their categories: (title, category, country)."""
    chance = random.Random(seed)
    titles = sorted({line.split("\t")[0] for line in load_dictionary().titles})
    chosen = []
    for country in TOWNS:
        chance.shuffle(titles)
        known = (title for title in titles if title.isascii() and _is_brand_in(title, country))
        for title, _ in zip(known, range(n_per_country), strict=False):
            found = find_answer(title, "out", country)
            assert found is not None
            chosen.append((title, found.category, country))
    return chosen


def _is_brand_in(title: str, country: str) -> bool:
    if sum(map(str.isalpha, title)) < SHORTEST:
        return False
    found = find_answer(title, "out", country)
    if found is None or found.brand is None or found.way != "whole" or found.brand.title != title:
        return False
    return country in found.brand.countries or found.brand.countries == "*"


def cut(name: str, country: str, chance: random.Random) -> str:
    """Cut the name to a part of it, or the text within the name."""
    front = chance.choice((*CARD_WORDS[country], ""))
    if chance.random() < 0.5:
        for width in chance.sample(WIDTHS, 2):
            left = (width - len(front)) / len(name)
            if LEFT[0] <= left <= LEFT[1]:
                return f"{front}{name}"[:width].upper().strip()
    kept = name[: max(4, round(len(name) * chance.uniform(*LEFT)))].strip()
    return f"{front}{kept}{chance.choice(('', _behind(country, chance)))}".upper()


def glue(name: str, country: str, chance: random.Random) -> str:
    """Take the spaces out of the name, and glue it to a number, a town or the word of a shop."""
    solid = "".join(filter(str.isalnum, name))
    town = chance.choice(TOWNS[country]).split()[0]
    number = str(chance.randint(1000, 9999))
    behind = chance.choice((town, f"{town}{number}", "COM", "SHOP", "ONLINE", f"STORE{number}"))
    front = chance.choice(("PAYPAL*", "SUMUP *", "", chance.choice(CARD_WORDS[country])))
    return f"{front}{solid}{behind}".upper()


def abbreviate(name: str, country: str, chance: random.Random) -> str:
    """Drop the vowels of the name, except at the front of its words."""
    short = " ".join(word[0] + "".join(c for c in word[1:] if c.casefold() not in "aeiou") for word in name.split())
    if len(name) - len(short) < 2:
        return ""
    return f"{chance.choice((*CARD_WORDS[country], ''))}{short}{_behind(country, chance)}".upper()


def misspell(name: str, country: str, chance: random.Random) -> str:
    """Make one typing error: a letter too many, too few, another one, or two that change places."""
    places = [i for i in range(len(name) - 1) if name[i].isalpha() and name[i + 1].isalpha()]
    if not places:
        return ""
    at, letter = chance.choice(places), chance.choice("abcdefghijklmnopqrstuvwxyz")
    wrong = chance.choice(
        (
            name[:at] + letter + name[at:],
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at + 1 :],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        )
    )
    if wrong.casefold() == name.casefold():
        return ""
    return f"{chance.choice((*CARD_WORDS[country], ''))}{wrong}{_behind(country, chance)}".upper()


SPOILERS: dict[Damage, Callable[[str, str, random.Random], str]] = {
    Damage.CUT: cut,
    Damage.GLUED: glue,
    Damage.ABBREVIATED: abbreviate,
    Damage.MISSPELLED: misspell,
}


def nonsense(n: int, *, seed: int) -> Iterator[tuple[str, str]]:
    """Yield texts of words that mean nothing, but can be pronounced, with a country."""
    chance = random.Random(seed)
    starts = "b br c ch d dr f g gr h j k kl l m n p pr qu r s sch st t tr v w z".split()
    middles, ends = "a e i o u ai ei ou au ie".split(), "n r s t l m k ck nd st".split()
    for _ in range(n):
        country = chance.choice(list(TOWNS))
        words = []
        for _ in range(chance.choice((1, 2, 2, 3))):
            n_syllables = chance.choice((2, 2, 3, 3, 4))
            syllables = "".join(chance.choice(starts) + chance.choice(middles) for _ in range(n_syllables))
            words.append(syllables + chance.choice(("", *ends)))
        yield f"{chance.choice((*CARD_WORDS[country], ''))}{' '.join(words)}{_behind(country, chance)}".upper(), country


def people(n: int, *, seed: int) -> Iterator[tuple[str, str]]:
    """Yield texts with the names of invented people, with a country."""
    chance = random.Random(seed)
    for _ in range(n):
        country = chance.choice(list(TOWNS))
        names = [chance.choice(GIVEN_NAMES), chance.choice(FAMILY_NAMES)]
        if chance.random() < 0.3:
            names.reverse()
        front = chance.choice(("", "SEPA ", "Transfer to ", *CARD_WORDS[country]))
        yield f"{front}{' '.join(names)}{chance.choice(('', _behind(country, chance)))}", country


def _behind(country: str, chance: random.Random) -> str:
    town, number = chance.choice(TOWNS[country]), chance.randint(100, 99999)
    return chance.choice((f" {town}", f" {number} {town}", f" {number}", f" {town} {country}", ""))
