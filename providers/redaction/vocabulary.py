"""The words that tell what is private: names of persons, and labels beside numbers, as `words.toml` lists them."""

import tomllib
from functools import cache
from importlib.resources import files

from providers.merchants.dictionary import load_words
from providers.normalization import CHANNEL_WORDS, PLACE_WORDS, load_towns

#: Roles of a word, which add up to one number.
GIVEN, FAMILY, ORDINARY, TITLE, PARTICLE, TRANSFER, COMPANY, GENERAL = (1 << n for n in range(8))
BEFORE_NAME, BEHIND_NUMBER, LAST, BEFORE_NUMBER = (1 << n for n in range(8, 12))
STREETS = BEFORE_NAME | BEHIND_NUMBER | LAST | BEFORE_NUMBER
WORDS: dict[str, str] = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))

#: Categories of words that people also write to each other, so that they tell of no company.
_PERSONAL = frozenset(("transfers", "gifts-donations", "fees-taxes", "salary", "interest", "other-income"))


def words_of(name: str) -> frozenset[str]:
    """Return the words of a list of `words.toml`."""
    return frozenset(WORDS[name].split())


@cache
def load_roles() -> dict[str, int]:
    """Return the roles of each known folded word, once per process."""
    given, family, ordinary = files(__package__).joinpath("names.txt").read_text(encoding="utf-8").splitlines()[1:]
    transfers = words_of("transfers") | words_of("personal_words") | words_of("between_persons")
    shops = {
        word for word, category in load_words().spent() if category not in _PERSONAL and " " not in word
    } - transfers
    labels = (
        words_of("account_labels") | words_of("card_labels") | words_of("phone_labels") | words_of("reference_labels")
    )
    lists = (
        (GIVEN, given.split()),
        (FAMILY, family.split()),
        (ORDINARY, ordinary.split()),
        (TITLE, words_of("titles") | words_of("degrees")),
        (PARTICLE, words_of("particles")),
        (TRANSFER, transfers),
        (
            COMPANY,
            [*words_of("company_forms"), *words_of("company_words"), *CHANNEL_WORDS["legal_forms"].split(), *shops],
        ),
        (BEFORE_NAME, words_of("streets_before_name")),
        (BEHIND_NUMBER, words_of("streets_behind_number")),
        (LAST, words_of("streets_last")),
        (BEFORE_NUMBER, words_of("streets_before_number")),
        (
            GENERAL,
            [*labels, *CHANNEL_WORDS["channel"].split(), *PLACE_WORDS["joining"].split(), *load_words().single_words],
        ),
    )
    roles: dict[str, int] = {}
    for role, words in lists:
        for word in words:
            roles[word] = roles.get(word, 0) | role
    return roles


@cache
def is_town(word: str) -> bool:
    """Return True if the folded word is the name of a town and of nothing else."""
    return load_towns().is_town(word)
