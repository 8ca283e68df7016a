"""The learned link: a classifier trained on its owner's confirmed transactions, for texts never seen before."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.calibration import log_odds, logistic
from providers.grams import words_read
from providers.interface import (
    Evidence,
    LabeledQuestion,
    Provider,
    Question,
    Suggestion,
    SupportWeight,
    size_of,
)
from providers.learning.features import TextKnowledge, buckets_of_finding, features_of, known_of
from providers.learning.imagined import group_names, load_imagined
from providers.learning.training import train
from providers.learning.weights import Weights
from providers.merchants.provider import (
    KindCategories,
    MerchantFinding,
    deciding_kind,
    is_certain,
    may_be_spending,
    offer_key,
)
from providers.name_classifier.provider import LEAST_WORD
from providers.normalization import normalize

#: Fewer confirmed transactions teach nothing.
LEAST_CONFIRMED = 10
#: A replayed history is learned from anew when it has grown by this factor.
GROWTH = 1.25
MOST_ALTERNATIVES = 4
#: From the classifier's probability and its lead over the second to the share of right answers: intercept, factor of
#: the log-odds, factor of the logarithm of the lead. Measured by `benchmarks/curves.py`.
CURVE = (0.29, 0.78, 0.08)
#: Answers of less confidence are left out.
LEAST_CONFIDENCE = 0.15
#: Shares below this say nothing.
LEAST_SUPPORT = 0.0005
#: What a trained classifier looks at besides the fields that always count.
LEARNED_FROM = frozenset({"size"})
NOT_LEARNED = "It has not learned from enough confirmed transactions yet, or was of no use."
UNSURE = "It learned nothing that tells one category from the others."
#: A word with less weight for a category is not named as a reason.
_LEAST_REASON = 0.3
_MOST_REASONS = 2


class TaughtProvider(Provider):
    """A link that answers from the weights that `learn` trained. One that `is_fixed` learns nothing."""

    name = "learned"
    version = "2"
    support_weight = SupportWeight(1.0, 0.001, is_share=True)
    silence: ClassVar[str] = "It knows no word of this text."

    def __init__(self, *, country: str = "", is_fixed: bool = False) -> None:
        """Take the ISO 3166 alpha-2 code that is assumed where a transaction has none."""
        self.country = country
        self._is_fixed = is_fixed
        self._weights: Weights | None = None
        self._taught: list[LabeledQuestion] = []
        self._n_trained = 0

    def key(self, question: Question) -> Hashable:
        return key_of(question)

    def looks_at(self, question: Question) -> frozenset[str]:
        return LEARNED_FROM

    def categorize_many(self, questions: Sequence[Question]) -> list[Suggestion | None]:
        """Answer as `suggest_all`."""
        return suggest_all(self._weights, questions, country=self.country)

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "TaughtProvider":
        """Train anew when the known transactions have grown by a quarter; until then answer as before."""
        if self._is_fixed:
            return self
        taught = TaughtProvider(country=self.country)
        taught._taught = [*self._taught, *confirmed]
        taught._weights, taught._n_trained = self._weights, self._n_trained
        if len(taught._taught) >= max(LEAST_CONFIRMED, self._n_trained * GROWTH):
            taught._weights, taught._n_trained = train(taught._taught, country=self.country), len(taught._taught)
        return taught


def key_of(question: Question) -> tuple[Hashable, ...]:
    """Return the parts of a transaction that count."""
    t = question
    return t.owner, t.text, t.direction, size_of(t.amount), t.account, t.country, offer_key(t)


def suggest_all(weights: Weights | None, questions: Sequence[Question], *, country: str) -> list[Suggestion | None]:
    """Answer each transaction by a trained classifier, or without one by the dictionary's knowledge alone.

    Decline if it is too unsure, knows none of the offered categories, or knows no word of a text that money went out
    for. Decline also if the user has mapped the kind of shop, since that mapping counts more. Without a classifier,
    the answers name no category: they only support those that other links name.
    """
    answers: list[Suggestion | None] = [None] * len(questions)
    if not questions:
        return answers
    known = known_of(questions, country=country)
    asked = [i for i, question in enumerate(questions) if _can_answer(weights, question, known[i])]
    if not asked:
        return answers
    used = weights or load_imagined()
    likely = used.probabilities(features_of([questions[i] for i in asked], [known[i] for i in asked]))
    offers: dict[tuple[Hashable, bool], list[int]] = defaultdict(list)
    for row, i in enumerate(asked):
        offers[offer_key(questions[i]), _may_be_spending(weights, questions[i], known[i].finding)].append(row)
    for (_, with_spending), rows in offers.items():
        offer = _Offer.of(weights, questions[asked[rows[0]]], with_spending=with_spending)
        if not offer.ids:
            continue
        shares = offer.shares(likely[rows])
        # The best other category, offered or not: an offer without the likeliest makes the others no likelier.
        best_two = np.sort(likely[rows], axis=1)[:, -2:].tolist()
        for row, own, (second, first) in zip(rows, shares.tolist(), best_two, strict=True):
            i = asked[row]
            likeliest = sorted(
                (-share, category) for share, category in zip(own, offer.ids, strict=True) if share > LEAST_SUPPORT
            )
            support = tuple((category, round(-share, 6)) for share, category in likeliest)
            if weights is None:
                # What the dictionary is certain of, its own link says with a measured confidence.
                told = () if is_certain(known[i].finding) else support
                answers[i] = Suggestion(None, 0.0, NOT_LEARNED, evidence=Evidence.LEARNED, support=told)
            else:
                rival = first if max(own) < first else second
                answers[i] = _suggest(weights, questions[i], known[i].finding, offer, support, rival=rival)
    return answers


def _can_answer(weights: Weights | None, question: Question, known: TextKnowledge) -> bool:
    text = normalize(question.text)
    if not text or _is_mapped(question, known.finding):
        return False
    if question.direction == "in" or known.has_known_word:
        return True
    return weights is not None and any(weights.knows(word) for word in text.split() if len(word) >= LEAST_WORD)


def _may_be_spending(weights: Weights | None, question: Question, finding: MerchantFinding | None) -> bool:
    """Return True unless money came in from somebody whom neither dictionary nor owner knows."""
    words = normalize(question.text).split()
    return may_be_spending(question, finding) or (weights is not None and all(map(weights.knows, words)))


def _is_mapped(question: Question, finding: MerchantFinding | None) -> bool:
    if not question.kinds or finding is None:
        return False
    tag = finding.brand.kind.tag if finding.brand else ""
    return bool(deciding_kind(question.kinds, tag=tag, group=finding.category))


class _Offer(NamedTuple):
    """The offered categories that the weights know, and the columns of the weights that belong to each."""

    ids: list[int]
    names: list[str]
    columns: list[list[int]]

    @classmethod
    def of(cls, weights: Weights | None, question: Question, *, with_spending: bool) -> "_Offer":
        """Find the categories; those of the dictionary are found as the dictionary's link does."""
        places: dict[int, list[int]] = defaultdict(list)
        names = {c.id: c.name for c in question.categories if with_spending or c.kind != "expense"}
        if weights is None:
            kinds = KindCategories.of(question)
            for i, group in enumerate(group_names()):
                if (place := kinds.find(group=group)) and place.category.id in names:
                    places[place.category.id].append(i)
        else:
            for i, category in enumerate(weights.categories):
                if category in names:
                    places[category].append(i)
        return cls(list(places), [names[category] for category in places], list(places.values()))

    def shares(self, likely: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of each offered category among all that the weights know, shape (rows, offered)."""
        return np.stack([likely[:, columns].sum(axis=1) for columns in self.columns], axis=1)


def _suggest(
    weights: Weights,
    question: Question,
    finding: MerchantFinding | None,
    offer: _Offer,
    support: tuple[tuple[int, float], ...],
    *,
    rival: float,
) -> Suggestion | None:
    if not support:
        return None
    (best, share), *others = support
    confidence = confidence_of_share(share, rival=rival)
    if confidence < LEAST_CONFIDENCE:
        return Suggestion(None, 0.0, UNSURE, evidence=Evidence.LEARNED, support=support, is_pooled=True)
    number = offer.ids.index(best)
    place = offer.columns[number][0]
    words = dict.fromkeys(words_read(normalize(question.text)))
    spoken = [(weights.weight_of_word(word, place), word) for word in words]
    telling = sorted((pair for pair in spoken if pair[0] > _LEAST_REASON), reverse=True)
    reasons = [word for _, word in telling[:_MOST_REASONS]]
    kind = ""
    if finding and finding.brand:
        speaks = sum(weights.weight_of(bucket, place) for bucket in buckets_of_finding(finding))
        if speaks > _LEAST_REASON:
            kind = f"{finding.brand.title} is a known {finding.brand.kind.label}"
    left = (1 - confidence) / (1 - share + 1e-9)
    return Suggestion(
        category=best,
        confidence=confidence,
        score=round(share, 4),
        explanation=_explain(reasons, kind, offer.names[number], weights.n_confirmed),
        alternatives=tuple(
            (category, math.floor(other * left * 10_000) / 10_000) for category, other in others[:MOST_ALTERNATIVES]
        ),
        details={"words": reasons, "learned_from": weights.n_confirmed},
        evidence=Evidence.LEARNED if reasons else Evidence.NAME if kind else Evidence.SOUND,
        support=support,
        is_pooled=True,
    )


def confidence_of_share(share: float, *, rival: float) -> float:
    """Return the share of right answers among those with this share, where the best other category has `rival`."""
    intercept, of_odds, of_lead = CURVE
    lead = math.log(max(share, 1e-9) / (rival + 1e-4))
    return round(logistic(intercept + of_odds * log_odds(share) + of_lead * lead), 4)


def _explain(reasons: Sequence[str], kind: str, category: str, n_confirmed: int) -> str:
    learned = f"as learned from {n_confirmed} transactions that you confirmed"
    if reasons:
        quoted = " and ".join(f"“{word}”" for word in reasons)
        also = f", and {kind}" if kind else ""
        return f"{quoted} {'speaks' if len(reasons) == 1 else 'speak'} for {category}{also}, {learned}."
    if kind:
        return f"{kind}, which speaks for {category}, {learned}."
    return f"It looks most like {category}, {learned}."
