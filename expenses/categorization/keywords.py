"""The link that finds the owner's keywords, and known names in cut, glued, abbreviated or misspelled text.

A name that stands whole in the text is left to the links of history and of merchants.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from expenses.categorization.history import BASE_CONFIDENCE, times
from expenses.categorization.own_names import OwnName, OwnNames
from expenses.models import ConfirmedTexts
from providers.damaged_names.evidence import Choice, NameCandidate, choose, strength_of
from providers.damaged_names.index import Damage, NameIndex, NameMatch
from providers.damaged_names.shipped import ShippedName, find_shipped_name, is_known_whole, is_ordinary
from providers.interface import (
    NO_EFFECTS,
    NOTHING_VARYING,
    Answer,
    Effects,
    Evidence,
    LabeledQuestion,
    OfferedCategory,
    Provider,
    Question,
    Suggestion,
)
from providers.merchants.dictionary import load_dictionary, load_words
from providers.merchants.names import brand_name
from providers.merchants.provider import KindCategories, known_name, offer_key
from providers.normalization import CHANNEL_WORDS, PLACE_WORDS, fold, normalize, plain_words

#: The probability of a keyword that stands in the text as its owner wrote it.
WHOLE_KEYWORD = 0.99
#: The share of money that comes in under a keyword of an expense category, and is its refund, if no word says so.
SHARE_OF_REFUNDS = 0.7
#: A keyword has a word of so many letters at least (a judgment): shorter ones stand in too many texts.
LEAST_LETTERS = 3
#: Articles, prepositions and the like, besides those that join the names of places.
FUNCTION_WORDS = """
die das ein eine einen mit fur fuer ohne nach aus uber unter and for with from not your our this that pour avec sans
une aux dans par para por con sin una uno unos sobre per gli dei delle alla voor met een van zonder dla bez
"""
#: Chinese, Japanese and Korean characters begin here.
FIRST_IDEOGRAPH = "\u2e80"
_BETWEEN_PARTS = re.compile(r"[\s*/,;()]+")
#: What happened to a name, behind it in a sentence.
DAMAGE_WORDS: Mapping[Damage, str] = {
    Damage.CUT: "cut short",
    Damage.GLUED: "glued to other letters",
    Damage.ABBREVIATED: "without some of its vowels",
    Damage.MISSPELLED: "misspelled",
}
_CODE_VERSION = "2"


class KeywordProvider(Provider):
    """Answers the category of a keyword in the text, or of a known name that the text damages."""

    name = "keywords"

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code that is assumed where a transaction has none."""
        self._country = country

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of the data and of this code."""
        return f"{_CODE_VERSION}+nsi.{load_dictionary().version}"

    def key(self, question: Question) -> Hashable:
        """Return a key of everything that is looked at."""
        return (
            question.owner,
            question.merchant,
            question.description,
            question.direction,
            question.country or self._country,
            offer_key(question),
            id(question.keywords),
            question.trust.names,
        )

    def looks_at(self, question: Question) -> frozenset[str]:
        return NOTHING_VARYING

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        known: dict[Hashable, KindCategories] = {}
        answers: list[Answer] = []
        for question in questions:
            offer = offer_key(question)
            if offer not in known:
                known[offer] = KindCategories.of(question)
            own = _find_keyword(question) or self._find_own_name(question)
            answers.append(own or self._find_shipped(question, known[offer]))
        return answers

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "TaughtKeywordProvider":
        return TaughtKeywordProvider(country=self._country).learn(confirmed)

    def _find_own_name(self, question: Question) -> Suggestion | None:
        names = self._names_of(question)
        if names is None:
            return None
        words, offered = normalize(question.text).split(), {c.id: c for c in question.categories}
        found = names.find(words, question.direction, offered=offered)
        return _suggest_own_name(found, words, question, offered) if found else None

    def _names_of(self, question: Question) -> OwnNames | None:
        try:
            return load_names(question.owner, question.trust.names) if question.trust.names else None
        except ConfirmedTexts.DoesNotExist:  # learned anew since the question was asked
            return None

    def _find_shipped(self, question: Question, places: KindCategories) -> Suggestion | None:
        country = (question.country or self._country).lower()
        texts = [text for text in (question.merchant, question.description) if text]
        if any(is_known_whole(text, question.direction, country) for text in texts):
            return None
        for text in texts:
            words = normalize(text)
            found = find_shipped_name(tuple(words.split()), question.direction, country) if words else None
            if found:
                return _suggest_shipped(found, question, words.split(), places)
        return None


class TaughtKeywordProvider(KeywordProvider):
    """A link of keywords with the names of the rows that it was taught, instead of those of the ledger."""

    def __init__(self, *, country: str = "") -> None:
        super().__init__(country=country)
        self._taught: dict[int, OwnNames] = {}

    def key(self, question: Question) -> Hashable:
        """Return None: what it was taught may change."""
        return None

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "TaughtKeywordProvider":
        """Learn in place and return itself, because its former state is never needed."""
        for question, category in confirmed:
            if text := normalize(question.text):
                self._taught.setdefault(question.owner, OwnNames()).add(question.direction, text, category)
        return self

    def _names_of(self, question: Question) -> OwnNames | None:
        return self._taught.get(question.owner)


@lru_cache(maxsize=64)
def load_names(ledger_id: int, digest: str) -> OwnNames:
    """Load the names of a ledger, and keep them in this process. Raises ConfirmedTexts.DoesNotExist."""
    texts = ConfirmedTexts.objects.filter(pk=ledger_id, digest=digest).values_list("texts", flat=True).get()
    return OwnNames((direction, text, category, n) for direction, text, category, n in texts)


def fold_keyword(text: str) -> str:
    """Return the words of a keyword in small letters without accents; keywords are equal if these are."""
    return " ".join(plain_words(text))


def complaint_of_keyword(folded: str) -> str | None:
    """Return why a folded keyword says nothing of a merchant, as the end of a sentence. Return None if it may.

    The whole name of a known brand may be short: “dm”.
    """
    words = folded.split()
    if words and _filler().issuperset(words):
        return "stands in payments of all kinds: add a word that only these payments have."
    if any(_letters_of(word) >= LEAST_LETTERS for word in words) or known_name(folded, "out"):
        return None
    return (
        f"says too little: a keyword has a word of at least {LEAST_LETTERS} letters, or is the name of a known brand."
    )


@cache
def _filler() -> frozenset[str]:
    of_banks = [CHANNEL_WORDS[name] for name in ("channel", "legal_forms", "months", "month_names", "currencies")]
    of_people = [PLACE_WORDS[name] for name in ("joining", "given_names")]
    return frozenset(word for text in (*of_banks, *of_people, FUNCTION_WORDS) for word in text.split())


def _letters_of(word: str) -> int:
    """Return the number of letters; a character of a script without an alphabet stands for two."""
    return sum(2 if char >= FIRST_IDEOGRAPH else 1 for char in word if char.isalpha())


def _find_keyword(question: Question) -> Suggestion | None:
    """Answer the owner's keyword in the text: whole, or else damaged."""
    if not question.keywords:
        return None
    offered = {category.id: category for category in question.categories}
    wanted = frozenset(phrase for phrase, keyword in question.keywords.items() if keyword.category in offered)
    index = _index_of(wanted)
    normalized = normalize(question.text).split()
    for words in (plain_words(question.text), normalized):
        if whole := _longest(index.find_whole(words)):
            return _suggest_whole(whole, words, question, offered)
    candidates = [
        NameCandidate(match, strength_of(match, normalized), question.keywords[match.name].category)
        for match in index.find_damaged(normalized)
    ]
    choice = choose(candidates)
    return _suggest_keyword(choice, normalized, question, offered) if choice else None


@lru_cache(maxsize=64)
def _index_of(phrases: frozenset[str]) -> NameIndex:
    own_words = frozenset(word for phrase in phrases for word in phrase.split(" "))
    return NameIndex(sorted(phrases), is_ordinary=lambda word: word in own_words or is_ordinary(word))


def _longest(matches: Sequence[NameMatch]) -> list[NameMatch]:
    """Return the matches that are no part of a longer one, the one with most letters first."""
    longest = [
        match
        for match in matches
        if not any(o.start <= match.start and match.end <= o.end and o.name != match.name for o in matches)
    ]
    return sorted(longest, key=lambda match: (-match.n_letters, match.start))


def _suggest_whole(
    matches: Sequence[NameMatch], words: Sequence[str], question: Question, offered: Mapping[int, OfferedCategory]
) -> Suggestion:
    """Answer the longest keyword. Keywords of other categories in the text take their share."""
    keywords = [question.keywords[match.name] for match in matches]
    first = keywords[0]
    others = {keyword.category: keyword for keyword in keywords if keyword.category != first.category}
    choice = Choice(matches[0], WHOLE_KEYWORD / (1 + len(others)), first.category, tuple(others))
    besides = ", ".join(f"“{other.text}” for {offered[other.category].name}" for other in others.values())
    return _suggest_keyword(choice, words, question, offered, besides=besides)


def _suggest_keyword(
    choice: Choice,
    words: Sequence[str],
    question: Question,
    offered: Mapping[int, OfferedCategory],
    *,
    besides: str = "",
) -> Suggestion:
    keyword = question.keywords[choice.match.name]
    category = offered[keyword.category]
    confidence = choice.confidence
    details = _details(choice.match, keyword.text, words, question.text)
    if choice.match.damage is Damage.NONE:
        sentence = f"You chose the keyword “{keyword.text}” for {category.name}"
    else:
        damage = _damage_words(choice.match, words)
        sentence = f"“{details['found_in']}” is your keyword “{keyword.text}” for {category.name}, {damage}"
    if besides:
        sentence += f", but the text also holds {besides}"
    # Where income cannot be meant, the client has said that it is a refund.
    if question.direction == "in" and category.kind == "expense" and any(c.kind == "income" for c in offered.values()):
        if not load_words().has_refund(normalize(question.text).split()):
            confidence *= SHARE_OF_REFUNDS
        sentence += ", so money from it is taken for a refund"
    return _suggestion(choice.match, category.id, confidence, f"{sentence}.", details, others=choice.others)


def _suggest_own_name(
    found: OwnName, words: Sequence[str], question: Question, offered: Mapping[int, OfferedCategory]
) -> Suggestion:
    match, category = found.choice.match, offered[int(found.choice.category)]
    # It is no surer than the same first words undamaged.
    confidence = found.choice.confidence * BASE_CONFIDENCE[match.name.count(" ") + 1]
    details = _details(match, match.name, words, question.text)
    sentence = (
        f"“{details['found_in']}” is {match.name}, {_damage_words(match, words)}, "
        f"which you put into {category.name} {times(found.n)}."
    )
    others, evidence = found.choice.others, Evidence.LEADING_WORDS
    return _suggestion(match, category.id, confidence, sentence, details, others=others, evidence=evidence)


def _suggest_shipped(
    found: ShippedName, question: Question, words: Sequence[str], places: KindCategories
) -> Suggestion | None:
    brand = found.brand
    place = places.find(group=found.category, tag=brand.kind.tag if brand else "")
    if place is None:
        return None
    name = brand.title if brand else found.match.name
    details = _details(found.match, name, words, question.text)
    damage, text = _damage_words(found.match, words), details["found_in"]
    if brand:
        sentence = f"“{text}” is {name}, {damage}, a known {brand.kind.label}"
        if place.mapped:
            sentence += f", which you put into {place.category.name}"
        if question.direction == "in":
            sentence += ", so money from it is taken for a refund"
    else:
        stood_for = f"what you put into {place.category.name}" if place.mapped else place.category.name
        sentence = f"“{text}” is the word “{name}”, {damage}, which stands for {stood_for}"
    effects = Effects(merchant=brand_name(brand)) if brand else NO_EFFECTS
    evidence, sentence = Evidence.NAME, f"{sentence}."
    return _suggestion(
        found.match,
        place.category.id,
        found.confidence,
        sentence,
        details,
        effects=effects,
        evidence=evidence,
        covered_by="learned",
    )


def _suggestion(
    match: NameMatch,
    category: int,
    confidence: float,
    explanation: str,
    details: Mapping[str, Any],
    *,
    effects: Effects = NO_EFFECTS,
    others: Sequence[Any] = (),
    evidence: Evidence = Evidence.KEYWORD,
    covered_by: str = "",
) -> Suggestion:
    left = (1 - confidence) / (len(others) + 1)
    return Suggestion(
        category=category,
        confidence=round(confidence, 4),
        explanation=explanation,
        score=match.likeness,
        effects=effects,
        alternatives=tuple((other, min(left, confidence)) for other in others),
        details=details,
        evidence=evidence,
        # Only the owner's keyword decides alone: the owner's habit with a name may be another one.
        is_pooled=evidence is not Evidence.KEYWORD,
        covered_by=covered_by,
    )


def _damage_words(match: NameMatch, words: Sequence[str]) -> str:
    is_one_word = match.damage is Damage.GLUED and "".join(words[match.start : match.end]) == match.name.replace(
        " ", ""
    )
    return "written as one word" if is_one_word else DAMAGE_WORDS[match.damage]


def _details(match: NameMatch, name: str, words: Sequence[str], text: str) -> dict[str, Any]:
    return {
        "matched": name,
        "found_in": _as_written(words[match.start : match.end], text),
        "damage": str(match.damage),
        "likeness": round(match.likeness, 2),
    }


def _as_written(words: Sequence[str], text: str) -> str:
    """Return the part of the text that was read as these words, or the words if it cannot be told."""
    parts = [part for part in _BETWEEN_PARTS.split(text) if part]
    folded = [fold(part) for part in parts]
    for start, part in enumerate(folded):
        if words[0] not in part:
            continue
        for end in range(start + 1, min(start + len(words) + 2, len(parts)) + 1):
            if words[-1] in folded[end - 1] and all(any(word in one for one in folded[start:end]) for word in words):
                return " ".join(parts[start:end])
    return " ".join(words)
