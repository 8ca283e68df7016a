"""Which of the offered categories a kind of merchant belongs to: where a person put it, else the system's own."""

from collections.abc import Hashable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from providers.interface import NO_EFFECTS, Direction, Effects, OfferedCategory, Provider, Question, Suggestion
from providers.merchants import dictionary
from providers.merchants.dictionary import Brand, BrandMatch, MerchantKind, load_dictionary, load_kinds
from providers.merchants.words import REFUND, Way, WordMatch, load_words, read_lines
from providers.normalization import normalize

#: A category that is not offered may be answered by the one above it.
_PARENTS = {"salary": "income", "interest": "income", "other-income": "income"}


class KindCategory(NamedTuple):
    """A category, and the kind or group that a person put into it; "" where nobody did."""

    category: OfferedCategory
    mapped: str = ""


class KindCategories:
    """The offered categories, and what the ledger says of kinds (`Question.kinds`)."""

    def __init__(self, categories: Sequence[OfferedCategory], mapped: Mapping[str, int | None]) -> None:
        self._by_id = {category.id: category for category in categories}
        self._by_key = {category.key: category for category in categories if category.key}
        self._mapped = mapped
        self._found: dict[tuple[str, str], KindCategory | None] = {}

    def find(self, *, group: str, tag: str = "") -> KindCategory | None:
        """Where a kind of a group, or a word of it, belongs; None where that is not offered, or nothing is wanted."""
        asked = (group, tag)
        if asked not in self._found:
            self._found[asked] = self._find(group, tag)
        return self._found[asked]

    def _find(self, group: str, tag: str) -> KindCategory | None:
        name = deciding_kind(self._mapped, tag=tag, group=group)
        if name:
            category = self._by_id.get(self._mapped[name] or 0)
            return KindCategory(category, name) if category else None
        if group in self._by_key:
            return KindCategory(self._by_key[group])
        return self._find(_PARENTS[group], "") if group in _PARENTS else None


def deciding_kind(mapped: Mapping[str, int | None], *, tag: str, group: str) -> str:
    """Which of a kind's tag and its group counts: the first that is mapped; "" where neither is."""
    return next((name for name in (tag, group) if name in mapped), "")


@cache
def known_groups() -> frozenset[str]:
    """The keys of all categories that kinds or words stand for."""
    words = files(__package__).joinpath("words.txt").read_text(encoding="utf-8")
    groups = {section.partition(" ")[0] for section, _ in read_lines(words)} - {REFUND}
    return frozenset(groups | {kind.category for kind in load_kinds().values() if kind.category})


#: Share of right answers by the way they were found, measured by `benchmarks/merchants.py` (see docs/merchants.md).
CONFIDENCE: Mapping[dictionary.Way | Way, float] = {
    "whole": 0.94,
    "leading words": 0.93,
    "leading word": 0.88,
    "inner words": 0.78,
    "inner word": 0.96,
    "similar": 0.62,
    "phrase": 0.98,
    "word": 0.94,
    "ending": 0.5,
    "alone": 0.8,
    "cut name": 0.91,
    "cut word": 0.82,
}
#: The same where the country is unknown, so that brands of the whole world are taken for known; a word further on is
#: then measured on all files.
CONFIDENCE_ANYWHERE: Mapping[dictionary.Way | Way, float] = {
    **CONFIDENCE,
    "leading word": 0.81,
    "inner words": 0.73,
    "inner word": 0.68,
}
#: Money that comes in under a brand or word is its refund or income a little less surely.
SHARE_OF_RECEIVED = 0.95
#: What a word may say against the likeliest kind of a brand: a supermarket's fuel station, pharmacy, cafe, insurance.
_POINTERS = frozenset({"transport", "healthcare", "dining", "utilities", "insurance", "travel"})


class MerchantFinding(NamedTuple):
    """What a text says: the key of a category, and where that comes from.

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


@lru_cache(maxsize=4096)  # two links ask for it, one after the other
def find_answer(text: str, direction: Direction, country: str) -> MerchantFinding | None:
    """What a bank's text says of a payment; None if nothing known is in it. `country` is a small code or ""."""
    words = normalize(text).split()
    if not words:
        return None
    if direction == "in":
        return _find_received(words, country)
    return _find_spent(words, country)


def _find_spent(words: list[str], country: str) -> MerchantFinding | None:
    known = load_dictionary()
    leading = known.find_leading(words, country)
    if leading and leading.way != "leading word":
        return _by_brand(leading, words, country) or _by_word(words, "out")
    return (
        _by_phrase(words, "out")
        or _by_head_noun(leading, words)
        or _by_brand(leading, words, country)
        or _by_word(words, "out")
        or _by_brand(known.find_inner(words, country), words, country)
        or _by_rest(words, country)
    )


def _by_rest(words: list[str], country: str) -> MerchantFinding | None:
    """What a bank cut off, or somebody typed with a slip."""
    known = load_dictionary()
    stump = None if known.has_word(words[-1]) else load_words().find_cut(words)
    return (
        _by_brand(known.find_cut(words, country), words, country)
        or (stump and _by_match(stump, words))
        or _by_brand(known.find_similar(words, country), words, country)
    )


def _find_received(words: list[str], country: str) -> MerchantFinding | None:
    known = load_dictionary()
    leading = known.find_leading(words, country)
    named = leading if leading and leading.way != "leading word" else None
    found = (
        _by_phrase(words, "in")
        or _by_brand(named, words, country)
        or _by_word(words, "in")
        or _by_brand(leading or known.find_inner(words, country), words, country)
    )
    return found and found._replace(
        confidence=round(found.confidence * SHARE_OF_RECEIVED, 2), is_refund=found.brand is not None
    )


def _by_brand(match: BrandMatch | None, words: list[str], country: str) -> MerchantFinding | None:
    """The likeliest kind of the brand that tells a category; a word of the text may point at another of its kinds."""
    brands = [brand for brand in match.brands if brand.kind.category] if match else []
    if not match or not brands:
        return None
    brand, pointer = _choose(brands, words)
    category = pointer.category if pointer else brand.kind.category
    return MerchantFinding(
        category=category,
        confidence=(CONFIDENCE if country else CONFIDENCE_ANYWHERE)[match.way],
        score=match.score,
        way=match.way,
        text=match.name,
        brand=brand,
        pointer=pointer.word if pointer else "",
        alternatives=tuple(dict.fromkeys(other.kind for other in brands)),
    )


def _choose(brands: list[Brand], words: list[str]) -> tuple[Brand, WordMatch | None]:
    """The brand as the likeliest kind of place, or as the kind that a word of the text points at, with that word.

    Words of fuel and parking hold for a grocer even where no such place of it is known.
    """
    said = load_words().find(words, "out")
    if said is None or said.category not in _POINTERS or said.category == brands[0].kind.category:
        return brands[0], None
    pointed = next((brand for brand in brands if brand.kind.category == said.category), None)
    if pointed:
        return pointed, said
    overridden = said.category == "transport" and brands[0].kind.category == "groceries"
    return brands[0], said if overridden else None


def _by_head_noun(match: BrandMatch | None, words: list[str]) -> MerchantFinding | None:
    """The general word right behind a brand of one word: "Adler Apotheke" is no Adler, but a pharmacy."""
    said = load_words().find(words[1:2], "out") if match else None
    if not match or not said or said.way != "word" or said.category in {brand.kind.category for brand in match.brands}:
        return None
    return _by_match(said, words)


def _by_phrase(words: list[str], direction: Direction) -> MerchantFinding | None:
    match = load_words().find_phrase(words, direction)
    return match and _by_match(match, words)


def _by_word(words: list[str], direction: Direction) -> MerchantFinding | None:
    match = load_words().find(words, direction)
    return match and _by_match(match, words)


def _by_match(match: WordMatch, words: list[str]) -> MerchantFinding:
    share = (match.word.count(" ") + 1) / len(words)
    return MerchantFinding(match.category, CONFIDENCE[match.way], score=share, way=match.way, text=match.word)


_CODE_VERSION = "3"


class MerchantProvider(Provider):
    """Recognizes brands (name-suggestion-index and well-known services) and general words such as "pharmacy"."""

    name = "merchants"

    def __init__(self, *, country: str = "") -> None:
        """`country` is the ISO 3166 alpha-2 code assumed where a transaction has none."""
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

    def key(self, transaction: Question) -> Hashable:
        """Texts that normalize alike get one answer. What a ledger offers and says is compared by identity: cheap."""
        return (
            normalize(transaction.description),
            normalize(transaction.merchant),
            transaction.direction,
            transaction.country,
            id(transaction.categories),
            id(transaction.kinds),
        )

    def categorize_many(self, transactions: Sequence[Question]) -> list[Suggestion | None]:
        """Answer each transaction whose merchant or words are known, None for the others."""
        known: dict[tuple[int, int], KindCategories] = {}
        answers = []
        for transaction in transactions:
            ids = id(transaction.categories), id(transaction.kinds)
            if ids not in known:
                known[ids] = KindCategories(transaction.categories, transaction.kinds)
            answers.append(self._answer(transaction, known[ids]))
        return answers

    def _answer(self, transaction: Question, places: KindCategories) -> Suggestion | None:
        country = (transaction.country or self._country).lower()
        for text in (transaction.merchant, transaction.description):
            finding = find_answer(text, transaction.direction, country) if text else None
            if finding:
                return _suggest(finding, places)
        return None


def _suggest(finding: MerchantFinding, places: KindCategories) -> Suggestion | None:
    place = places.find(group=finding.category, tag=_tag_of(finding))
    if place is None:
        return None
    others = (places.find(group=kind.category, tag=kind.tag) for kind in finding.alternatives)
    ids = dict.fromkeys(other.category.id for other in others if other and other.category.id != place.category.id)
    left = (1 - finding.confidence) / (len(ids) + 1)
    return Suggestion(
        category=place.category.id,
        confidence=finding.confidence,
        explanation=_explain(finding, place),
        score=finding.score,
        effects=Effects(merchant=finding.brand.title) if finding.brand else NO_EFFECTS,
        alternatives=tuple((other, left) for other in ids),
        details=_details(finding, place),
    )


def _tag_of(finding: MerchantFinding) -> str:
    """The kind of place that was found; "" where words say it is another one, such as a supermarket's fuel."""
    brand = finding.brand
    return brand.kind.tag if brand and brand.kind.category == finding.category else ""


def _explain(finding: MerchantFinding, place: KindCategory) -> str:
    stood_for = f"what you put into {place.category.name}" if place.mapped else place.category.name
    if finding.brand is None:
        subject, verb = ("words", "stand") if " " in finding.text else ("word", "stands")
        return f"The {subject} \u201c{finding.text}\u201d {verb} for {stood_for}."
    known = f"{finding.brand.title} is a known {finding.brand.kind.label}"
    if finding.pointer:
        known += f", and \u201c{finding.pointer}\u201d stands for {stood_for}"
    elif place.mapped:
        known += f", which you put into {place.category.name}"
    refunded = ", so money from it is taken for a refund" if finding.is_refund else ""
    return f"{known}{refunded}."


def _details(finding: MerchantFinding, place: KindCategory) -> dict[str, Any]:
    """`mapped` is the kind or group that a person gave this category."""
    details = {"matched": finding.text, "way": finding.way}
    if finding.brand:
        details["kind"] = finding.brand.kind.tag
    return details | ({"mapped": place.mapped} if place.mapped else {})
