"""The words of questions by their meaning, from `words.toml`."""

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from insights.ask.periods import (
    ARTICLES,
    LAST,
    NUMBERS,
    OPENING,
    ORDINALS,
    SINCE,
    SINGLE_DAYS,
    THIS,
    UNITS,
    UNITS_BEFORE,
    UNTIL,
    month_names,
    weekday_names,
)
from insights.ask.tokens import folds

#: Lists that change no meaning alone.
NOT_MEANINGS = {
    "before_order", "categories_of", "first_person", "german", "neutral", "person_after", "person_before", "persons",
    "possessive", "verbs_before_person", "write_first",
}  # fmt: skip


@dataclass(frozen=True)
class QuestionVocabulary:
    """Phrases by their words, with all their meanings."""

    meanings: dict[tuple[str, ...], frozenset[str]]
    longest: int
    #: Single words that say something, to which misspelled ones are corrected.
    telling: frozenset[str]
    #: Words of phrases, of periods, and those that say nothing.
    known: frozenset[str]
    german: frozenset[str]
    english: frozenset[str]
    person_before: frozenset[str]
    person_after: frozenset[str]
    verbs_before_person: frozenset[str]
    persons: frozenset[str]
    possessive: frozenset[str]
    first_person: frozenset[str]
    write: frozenset[str]
    write_first: frozenset[str]
    before_order: frozenset[str]
    #: Folded names of the system's categories by key.
    categories: dict[str, frozenset[str]]


@cache
def vocabulary() -> QuestionVocabulary:
    """Return the words, loaded once."""
    with Path(__file__).with_name("words.toml").open("rb") as file:
        lists = tomllib.load(file)
    meanings = defaultdict[tuple[str, ...], set[str]](set)
    for meaning, phrases in lists.items():
        if meaning not in NOT_MEANINGS:
            for form in _forms(phrases):
                meanings[tuple(form.split())].add(meaning)
    periods = {
        *NUMBERS,
        *UNITS_BEFORE,
        *ARTICLES,
        *LAST,
        *OPENING,
        *ORDINALS,
        *SINCE,
        *SINGLE_DAYS,
        *THIS,
        *UNITS,
        *UNTIL,
    }
    names = {*month_names(), *weekday_names()}
    words = {word for phrase in meanings for word in phrase}
    quiet = {"filler"}, {"to_spend"}
    fillers = {word for phrase, found in meanings.items() if found in quiet for word in phrase}
    return QuestionVocabulary(
        meanings={phrase: frozenset(found) for phrase, found in meanings.items()},
        longest=max(map(len, meanings)),
        # “Mondays” is no misspelled Monday.
        telling=frozenset((words - fillers) | month_names().keys() | periods),
        known=frozenset(words | periods | names),
        german=_forms(lists["german"]),
        english=frozenset(words | periods | names) - _forms(lists["german"]) - _forms(lists["neutral"]),
        person_before=_forms(lists["person_before"]),
        person_after=_forms(lists["person_after"]),
        verbs_before_person=_forms(lists["verbs_before_person"]),
        persons=_forms(lists["persons"]),
        possessive=_forms(lists["possessive"]),
        first_person=_forms(lists["first_person"]),
        write=_forms(lists["write"]),
        write_first=_forms(lists["write_first"]),
        before_order=_forms(lists["before_order"]),
        categories={key: _forms(names) for key, names in lists["categories_of"].items()},
    )


def _forms(phrases: list[str]) -> frozenset[str]:
    return frozenset(form for phrase in phrases for form in folds(phrase))
