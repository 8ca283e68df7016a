"""The link that needs no history: known brands and general words, for merchants that nobody labeled yet."""

from collections.abc import Hashable, Sequence
from typing import Any

from providers.interface import NO_EFFECTS, Category, Effects, Provider, Suggestion, Transaction
from providers.merchants.answers import Finding, find_answer
from providers.merchants.dictionary import load_dictionary
from providers.normalization import normalize

_CODE_VERSION = "2"
#: A category that is not offered may be answered by the one above it.
_PARENTS = {"salary": "income", "interest": "income", "other-income": "income"}


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

    def key(self, transaction: Transaction) -> Hashable:
        """Texts that normalize alike get one answer. Offered categories are compared by identity, which is cheap."""
        return (
            normalize(transaction.description),
            normalize(transaction.merchant),
            transaction.direction,
            transaction.country,
            id(transaction.categories),
        )

    def categorize_many(self, transactions: Sequence[Transaction]) -> list[Suggestion | None]:
        """Answer each transaction whose merchant or words are known, None for the others."""
        offered: dict[int, dict[str, Category]] = {}
        answers = []
        for transaction in transactions:
            categories = transaction.categories
            if id(categories) not in offered:
                offered[id(categories)] = _by_key(categories)
            answers.append(self._answer(transaction, offered[id(categories)]))
        return answers

    def _answer(self, transaction: Transaction, offered: dict[str, Category]) -> Suggestion | None:
        country = (transaction.country or self._country).lower()
        for text in (transaction.merchant, transaction.description):
            finding = find_answer(text, transaction.direction, country) if text else None
            if finding:
                return _suggest(finding, offered)
        return None


def _by_key(categories: Sequence[Category]) -> dict[str, Category]:
    return {category.key: category for category in categories if category.key}


def _suggest(finding: Finding, offered: dict[str, Category]) -> Suggestion | None:
    category = _offered_category(finding.category, offered)
    if category is None:
        return None
    others = (_offered_category(key, offered) for key in finding.alternatives)
    ids = dict.fromkeys(other.id for other in others if other and other.id != category.id)
    left = (1 - finding.confidence) / (len(ids) + 1)
    return Suggestion(
        category=category.id,
        confidence=finding.confidence,
        explanation=_explain(finding, category),
        score=finding.score,
        effects=Effects(merchant=finding.brand.title) if finding.brand else NO_EFFECTS,
        alternatives=tuple((other, left) for other in ids),
        details=_details(finding),
    )


def _offered_category(key: str, offered: dict[str, Category]) -> Category | None:
    return offered.get(key) or offered.get(_PARENTS.get(key, ""))


def _explain(finding: Finding, category: Category) -> str:
    if finding.brand is None:
        subject, verb = ("words", "stand") if " " in finding.text else ("word", "stands")
        return f"The {subject} \u201c{finding.text}\u201d {verb} for {category.name}."
    known = f"{finding.brand.title} is a known {finding.brand.kind.label}"
    pointed = f", and \u201c{finding.pointer}\u201d stands for {category.name}" if finding.pointer else ""
    refunded = ", so money from it is taken for a refund" if finding.is_refund else ""
    return f"{known}{pointed}{refunded}."


def _details(finding: Finding) -> dict[str, Any]:
    details = {"matched": finding.text, "way": finding.way}
    return details | {"kind": finding.brand.kind.tag} if finding.brand else details
