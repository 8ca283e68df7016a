"""The link that needs no history: known brands and general words, for merchants that nobody labeled yet.

A text gives a finding (which brand or word it holds); the ledger's categories and mapped kinds give it a category.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from babel import Locale

from providers.interface import (
    NO_EFFECTS,
    NOTHING_VARYING,
    Direction,
    Effects,
    Evidence,
    OfferedCategory,
    Provider,
    Question,
    Suggestion,
)
from providers.merchants.dictionary import (
    Brand,
    BrandMatch,
    MerchantKind,
    Way,
    WordMatch,
    load_dictionary,
    load_kinds,
    load_words,
)
from providers.merchants.names import are_formats, brand_name
from providers.normalization import GIVEN_NAMES, normalize

#: Share of right answers by the way they were found, measured by `benchmarks/merchants.py` (see docs/merchants.md).
CONFIDENCE: Mapping[Way, float] = {
    "whole": 0.94,
    "leading words": 0.93,
    "leading word": 0.88,
    "inner words": 0.78,
    "inner word": 0.78,
    "phrase": 0.98,
    "word": 0.94,
    "ending": 0.5,
    "alone": 0.8,
    "name abroad": 0.62,
    "word abroad": 0.34,
    "movement": 0.97,
    "vague": 0.5,
}
#: Shares for an unknown country, where brands of the whole world pass for known ones, measured on all files.
CONFIDENCE_ANYWHERE: Mapping[Way, float] = {
    **CONFIDENCE,
    "leading word": 0.81,
    "inner words": 0.73,
    "inner word": 0.68,
}
#: Ways to brands that the own country does not know.
ABROAD: frozenset[str] = frozenset({"name abroad", "word abroad"})
_MOST_COUNTRIES_TOLD = 3
#: Countries whose English names take an article.
_WITH_ARTICLE = frozenset({"AE", "BS", "CD", "DO", "FK", "GB", "GM", "KM", "KY", "MH", "MV", "NL", "PH", "US"})
#: Less sure findings may be of another merchant of the same name.
LEAST_CERTAIN = 0.6
#: Names of persons have so many words; a given name stands first.
_WORDS_OF_PERSON = (2, 3)
#: Money that comes in under a brand or word is its refund or income a little less surely.
SHARE_OF_RECEIVED = 0.95
#: Categories of words that overrule the likeliest kind of a brand: a supermarket's fuel station, pharmacy, cafe.
_POINTERS = frozenset({"transport", "healthcare", "dining", "utilities", "insurance", "travel"})
#: Keys of categories, with that of the category above.
_PARENTS = {"salary": "income", "interest": "income", "other-income": "income"}
_CODE_VERSION = "6"


class KindCategory(NamedTuple):
    """A category, and the kind or group that the user put into it, "" if none."""

    category: OfferedCategory
    mapped: str = ""


class KindCategories:
    """The offered categories, and the ledger's mapping of kinds (`Question.kinds`).

    Salary, interest and other income are answered by the category above them until the owner has used them: many
    people keep one category of income.
    """

    def __init__(
        self, categories: Sequence[OfferedCategory], mapped: Mapping[str, int | None], used: Collection[int]
    ) -> None:
        """Take the ids of the categories that the owner has `used`: a finer kind of income is answered only then."""
        self._used = used
        self._by_id = {category.id: category for category in categories}
        self._by_key = {category.key: category for category in categories if category.key}
        self._mapped = mapped
        self._found: dict[tuple[str, str], KindCategory | None] = {}

    @classmethod
    def of(cls, question: Question) -> "KindCategories":
        """Return the categories of a question; those with an equal `offer_key` share them."""
        return cls(question.categories, question.kinds, question.trust.used)

    def find(self, *, group: str, tag: str = "") -> KindCategory | None:
        """Return the category of a kind, or of a word of its group; None if it is not offered or not wanted."""
        asked = (group, tag)
        if asked in self._found:
            return self._found[asked]
        found = None
        if name := deciding_kind(self._mapped, tag=tag, group=group):
            category = self._by_id.get(self._mapped[name] or 0)
            found = KindCategory(category, name) if category else None
        else:
            own, parent = self._by_key.get(group), self._by_key.get(_PARENTS.get(group, ""))
            category = own if own and (own.id in self._used or not parent) else parent or own
            found = KindCategory(category) if category else None
        self._found[asked] = found
        return found


def offer_key(question: Question) -> Hashable:
    """Return a key that is equal for equal KindCategories. Categories and kinds are compared by identity: cheap."""
    return id(question.categories), id(question.kinds), question.trust.used


def deciding_kind(mapped: Mapping[str, int | None], *, tag: str, group: str) -> str:
    """Return the first of a kind's tag and its group that is mapped, "" if neither is."""
    return next((name for name in (tag, group) if name in mapped), "")


@cache
def known_groups() -> frozenset[str]:
    """Return the keys of all categories that kinds or words stand for."""
    return load_words().categories | {kind.category for kind in load_kinds().values() if kind.category}


class MerchantFinding(NamedTuple):
    """The key of a category, and the words of a text that tell it.

    `brand` is None for a general word; `pointer` is the word that chose among the kinds of a brand. `alternatives` are
    all its kinds.
    """

    category: str
    confidence: float
    score: float
    way: str
    text: str
    brand: Brand | None = None
    pointer: str = ""
    alternatives: tuple[MerchantKind, ...] = ()
    is_refund: bool = False


def is_certain(finding: MerchantFinding | None) -> bool:
    """Return True for a finding that is hardly another merchant of the same name."""
    return finding is not None and finding.confidence >= LEAST_CERTAIN


def doubtful_category(finding: MerchantFinding | None) -> str:
    """Return the category of a finding that is not certain, such as a brand of another country; else "".

    The name classifier has learned the names and words of the dictionary: for this category it knows no more than that.
    """
    return finding.category if finding is not None and not is_certain(finding) else ""


@lru_cache(maxsize=16_384)
def known_name(text: str, direction: Direction, country: str = "") -> str:
    """Return the name of the merchant whose brand a text begins with, "" if the dictionary knows none.

    A brand of one word with other words behind it counts only if it is online, or in a country where it is known.
    `country` is a small ISO 3166 alpha-2 code or "".
    """
    finding = find_answer(text, direction, country) if text else None
    if finding is None or finding.brand is None or not is_certain(finding):
        return ""
    if finding.way == "leading word":
        is_named = (
            finding.brand.kind.tag.startswith("online=")
            or are_formats(normalize(text).split()[1:])
            or (country != "" and finding.brand.is_known_in(country))
        )
    else:
        is_named = finding.way in {"whole", "leading words"}
    return brand_name(finding.brand) if is_named else ""


def find_answer(text: str, direction: Direction, country: str) -> MerchantFinding | None:
    """Find the brand or word that tells what a payment was for. `country` is a small code or "".

    Words about the movement itself win over all names but one that is the whole text. A name of several words wins
    over phrases, these over brands of one word, these over general words, these over brands of other countries.
    """
    normalized = normalize(text)
    return find_in_normalized(normalized, direction, country) if normalized else None


@lru_cache(maxsize=16_384)  # several links ask for it, one after the other
def find_in_normalized(normalized: str, direction: Direction, country: str) -> MerchantFinding | None:
    words = normalized.split()
    known, general = load_dictionary(), load_words()
    leading = known.find_leading(words, country)
    named = leading if leading and leading.way != "leading word" else None
    movement = None if leading and leading.way == "whole" else _by_word(general.find_movement(words, direction), words)
    if direction == "in":
        found = (
            movement
            or _by_word(general.find_phrase(words, "in"), words)
            or _by_brand(named, words, country)
            or _by_word(general.find(words, "in"), words)
            or _by_brand(leading or known.find_inner(words, country), words, country)
            or _by_brand(known.find_abroad(words), words, country)
            or _by_word(general.find_vague(words), words)
        )
        return found and found._replace(
            confidence=round(found.confidence * SHARE_OF_RECEIVED, 2), is_refund=found.brand is not None
        )
    if named and not movement:
        return _by_brand(named, words, country) or _by_word(general.find(words, "out"), words)
    return (
        movement
        or _by_word(general.find_phrase(words, "out"), words)
        or _by_head_noun(leading, words)
        or _by_brand(leading, words, country)
        or _by_word(general.find(words, "out"), words)
        or _by_brand(known.find_inner(words, country), words, country)
        or _by_brand(known.find_abroad(words), words, country)
        or _by_word(general.find_vague(words), words)
    )


def may_be_spending(question: Question, finding: MerchantFinding | None) -> bool:
    """Return True unless money came in from somebody unknown: a known name or a word of refund may give it back."""
    if question.direction == "out" or (finding and finding.brand):
        return True
    return load_words().has_refund(normalize(question.text).split())


def _by_brand(match: BrandMatch | None, words: list[str], country: str) -> MerchantFinding | None:
    """Take the likeliest kind of the brand, or another of its kinds at which a word of the text points.

    Words of fuel and parking hold for a grocer even where no such place of it is known.
    """
    brands = [brand for brand in match.brands if brand.kind.category] if match else []
    if not match or not brands or _is_part_of_person(match, words):
        return None
    brand, likeliest = brands[0], brands[0].kind.category
    pointer = load_words().find(words, "out")
    if pointer and (pointer.category not in _POINTERS or pointer.category == likeliest):
        pointer = None
    if pointer:
        pointed = next((other for other in brands if other.kind.category == pointer.category), None)
        if pointed:
            brand = pointed
        elif pointer.category != "transport" or likeliest != "groceries":
            pointer = None
    return MerchantFinding(
        category=pointer.category if pointer else brand.kind.category,
        confidence=(CONFIDENCE if country else CONFIDENCE_ANYWHERE)[match.way],
        score=match.score,
        way=match.way,
        text=match.name,
        brand=brand,
        pointer=pointer.word if pointer else "",
        alternatives=tuple(dict.fromkeys(other.kind for other in brands)),
    )


def _is_part_of_person(match: BrandMatch, words: list[str]) -> bool:
    """Return True for a brand of one word in the name of a person: "Markus Aigner", "George Taylor"."""
    if len(words) not in _WORDS_OF_PERSON or match.name not in words:
        return False
    place = words.index(match.name)
    return words[max(place - 1, 0)] in GIVEN_NAMES


def _by_head_noun(match: BrandMatch | None, words: list[str]) -> MerchantFinding | None:
    """Prefer the general word right behind a brand of one word: "Adler Apotheke" is no Adler, but a pharmacy."""
    noun = load_words().find(words[1:2], "out") if match else None
    if not match or not noun or noun.way != "word" or noun.category in {brand.kind.category for brand in match.brands}:
        return None
    return _by_word(noun, words)


def _by_word(match: WordMatch | None, words: list[str]) -> MerchantFinding | None:
    if match is None:
        return None
    share = (match.word.count(" ") + 1) / len(words)
    return MerchantFinding(match.category, CONFIDENCE[match.way], score=share, way=match.way, text=match.word)


class MerchantProvider(Provider):
    """Recognizes brands (name-suggestion-index and well-known services) and general words such as "pharmacy"."""

    name = "merchants"

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code that is assumed where a transaction has none."""
        self._country = country

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of the data and of this code."""
        return f"{_CODE_VERSION}+nsi.{load_dictionary().version}"

    def check(self) -> list[str]:
        """Say whether the country is one."""
        if not self._country or (len(self._country) == 2 and self._country.isalpha()):
            return []
        return [f"The option country is {self._country!r}; give a code of two letters such as DE, or leave it out."]

    def key(self, question: Question) -> Hashable:
        """Texts that normalize alike get one answer."""
        return (
            normalize(question.description),
            normalize(question.merchant),
            question.direction,
            question.country,
            offer_key(question),
        )

    def looks_at(self, question: Question) -> frozenset[str]:
        return NOTHING_VARYING

    def categorize_many(self, questions: Sequence[Question]) -> list[Suggestion | None]:
        """Answer each transaction whose merchant or words are known, None for the others."""
        known: dict[Hashable, KindCategories] = {}
        answers = []
        for question in questions:
            offer = offer_key(question)
            if offer not in known:
                known[offer] = KindCategories.of(question)
            country = (question.country or self._country).lower()
            texts = (question.merchant, question.description)
            findings = [find_answer(text, question.direction, country) for text in texts if text]
            finding = max(filter(None, findings), key=_precedence, default=None)
            answers.append(_suggest(finding, known[offer]) if finding else None)
        return answers


def _precedence(finding: MerchantFinding) -> int:
    """Return a number by which a finding of the description beats one of the merchant, who otherwise comes first."""
    return {"movement": 1, "vague": -1}.get(finding.way, 0)


def _suggest(finding: MerchantFinding, places: KindCategories) -> Suggestion | None:
    brand = finding.brand
    # Words may say that it is another kind of place, such as a supermarket's fuel station.
    tag = brand.kind.tag if brand and brand.kind.category == finding.category else ""
    place = places.find(group=finding.category, tag=tag)
    if place is None:
        return None
    others = (places.find(group=kind.category, tag=kind.tag) for kind in finding.alternatives)
    ids = dict.fromkeys(other.category.id for other in others if other and other.category.id != place.category.id)
    left = (1 - finding.confidence) / (len(ids) + 1)
    details: dict[str, Any] = {"matched": finding.text, "way": finding.way}
    if brand:
        details["kind"] = brand.kind.tag
    if place.mapped:
        details["mapped"] = place.mapped
    return Suggestion(
        category=place.category.id,
        confidence=finding.confidence,
        explanation=_explain(finding, place),
        score=finding.score,
        effects=Effects(merchant=brand_name(brand)) if brand else NO_EFFECTS,
        alternatives=tuple((other, left) for other in ids),
        details=details,
        evidence=Evidence.NAME,
        is_pooled=True,
        covered_by="learned" if is_certain(finding) else "",
    )


def _countries_of(brand: Brand) -> str:
    """Return the English names of up to three countries of a brand."""
    codes = brand.countries.upper().split()
    if len(codes) > _MOST_COUNTRIES_TOLD or brand.countries.startswith("*"):
        return "other countries"
    names = Locale("en").territories
    told = [f"the {names[code]}" if code in _WITH_ARTICLE else names.get(code, code) for code in codes]
    return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))


def _explain(finding: MerchantFinding, place: KindCategory) -> str:
    stood_for = f"what you put into {place.category.name}" if place.mapped else place.category.name
    if finding.brand is None:
        subject, verb = ("words", "stand") if " " in finding.text else ("word", "stands")
        return f"The {subject} \u201c{finding.text}\u201d {verb} for {stood_for}."
    known = f"{finding.brand.title} is a known {finding.brand.kind.label}"
    if finding.way in ABROAD:
        known += f", mainly in {_countries_of(finding.brand)}"
    if finding.pointer:
        known += f", and \u201c{finding.pointer}\u201d stands for {stood_for}"
    elif place.mapped:
        known += f", which you put into {place.category.name}"
    refunded = ", so money from it is taken for a refund" if finding.is_refund else ""
    return f"{known}{refunded}."
