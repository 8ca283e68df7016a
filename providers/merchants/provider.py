"""The link that needs no history: known brands and general words, for merchants that nobody labeled yet."""

from collections.abc import Hashable, Sequence
from typing import Any

from providers.interface import NO_EFFECTS, Effects, Provider, Question, Suggestion
from providers.merchants.answers import Finding, find_answer
from providers.merchants.dictionary import load_dictionary
from providers.merchants.places import Place, Places
from providers.normalization import normalize

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
        known: dict[tuple[int, int], Places] = {}
        answers = []
        for transaction in transactions:
            ids = id(transaction.categories), id(transaction.kinds)
            if ids not in known:
                known[ids] = Places(transaction.categories, transaction.kinds)
            answers.append(self._answer(transaction, known[ids]))
        return answers

    def _answer(self, transaction: Question, places: Places) -> Suggestion | None:
        country = (transaction.country or self._country).lower()
        for text in (transaction.merchant, transaction.description):
            finding = find_answer(text, transaction.direction, country) if text else None
            if finding:
                return _suggest(finding, places)
        return None


def _suggest(finding: Finding, places: Places) -> Suggestion | None:
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


def _tag_of(finding: Finding) -> str:
    """The kind of place that was found; "" where words say it is another one, such as a supermarket's fuel."""
    brand = finding.brand
    return brand.kind.tag if brand and brand.kind.category == finding.category else ""


def _explain(finding: Finding, place: Place) -> str:
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


def _details(finding: Finding, place: Place) -> dict[str, Any]:
    """`mapped` is the kind or group that a person gave this category."""
    details = {"matched": finding.text, "way": finding.way}
    if finding.brand:
        details["kind"] = finding.brand.kind.tag
    return details | ({"mapped": place.mapped} if place.mapped else {})
