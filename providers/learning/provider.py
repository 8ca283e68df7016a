"""The learned link: a classifier trained on its owner's confirmed transactions, for texts never seen before."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.calibration import log_odds, logistic
from providers.grams import bucket_of, words_read
from providers.interface import Evidence, LabeledQuestion, Provider, Question, Suggestion
from providers.learning.features import buckets_of_finding, features_of, known_of, size_of
from providers.learning.training import train
from providers.learning.weights import Weights
from providers.merchants.provider import MerchantFinding, deciding_kind
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
#: A word with less weight for a category is not named as a reason.
_LEAST_REASON = 0.3
_MOST_REASONS = 2


class TaughtProvider(Provider):
    """A link that answers from the weights that `learn` trained."""

    name = "learned"
    version = "1"

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code that is assumed where a transaction has none."""
        self.country = country
        self._weights: Weights | None = None
        self._taught: list[LabeledQuestion] = []
        self._n_trained = 0

    def key(self, question: Question) -> Hashable:
        return key_of(question)

    def categorize_many(self, questions: Sequence[Question]) -> list[Suggestion | None]:
        """Answer as `suggest_all`, or decline before enough is learned."""
        return suggest_all(self._weights, questions, country=self.country)

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "TaughtProvider":
        """Train anew when the known transactions have grown by a quarter; until then answer as before."""
        taught = TaughtProvider(country=self.country)
        taught._taught = [*self._taught, *confirmed]
        taught._weights, taught._n_trained = self._weights, self._n_trained
        if len(taught._taught) >= max(LEAST_CONFIRMED, self._n_trained * GROWTH):
            taught._weights, taught._n_trained = train(taught._taught, country=self.country), len(taught._taught)
        return taught


def key_of(question: Question) -> tuple[Hashable, ...]:
    """Return the parts of a transaction that count. Categories and kinds are compared by identity: cheap."""
    t = question
    return t.owner, t.text, t.direction, size_of(t.amount), t.account, t.country, id(t.categories), id(t.kinds)


def suggest_all(weights: Weights | None, questions: Sequence[Question], *, country: str) -> list[Suggestion | None]:
    """Answer each transaction by a trained classifier.

    Decline if it is too unsure, knows none of the offered categories, or finds no words. Decline also if the user has
    mapped the kind of shop, since that mapping counts more.
    """
    answers: list[Suggestion | None] = [None] * len(questions)
    if weights is None or not questions:
        return answers
    known = known_of(questions, country=country)
    likely = weights.probabilities(features_of(questions, known))
    offers: dict[int, list[int]] = defaultdict(list)
    for i, question in enumerate(questions):
        if normalize(question.text) and not _is_mapped(question, known[i].finding):
            offers[id(question.categories)].append(i)
    for members in offers.values():
        names = {category.id: category.name for category in questions[members[0]].categories}
        places = [i for i, category in enumerate(weights.categories) if category in names]
        offer = _Offer(places, tuple(names[weights.categories[i]] for i in places))
        for i, (likeliest, rival) in zip(members, offer.rank(likely[members]), strict=True):
            if likeliest:
                answers[i] = offer.suggest(weights, questions[i], known[i].finding, likeliest, rival)
    return answers


def _is_mapped(question: Question, finding: MerchantFinding | None) -> bool:
    if not question.kinds or finding is None:
        return False
    tag = finding.brand.kind.tag if finding.brand else ""
    return bool(deciding_kind(question.kinds, tag=tag, group=finding.category))


class _Offer(NamedTuple):
    """The offered categories that the classifier knows: their indexes among its categories, and their names."""

    places: list[int]
    names: tuple[str, ...]

    def rank(self, likely: NDArray[np.float64]) -> list[tuple[list[tuple[int, float]], float]]:
        """Return for each row the likeliest offered categories as (number among them, share), and the rival's share.

        The rival is the likeliest other category, offered or not. Shares are those among all categories: an offer
        without the likeliest makes the others no likelier.
        """
        shares = np.take(likely, self.places, axis=1)
        order = np.argsort(-shares, axis=1, kind="stable")[:, : MOST_ALTERNATIVES + 1]
        ranked = np.take_along_axis(shares, order, axis=1)
        best_two = np.sort(likely, axis=1)[:, -2:]
        return [
            (list(zip(numbers, row, strict=True)), first if row and row[0] < first else second)
            for numbers, row, (second, first) in zip(order.tolist(), ranked.tolist(), best_two.tolist(), strict=True)
        ]

    def suggest(
        self,
        weights: Weights,
        question: Question,
        finding: MerchantFinding | None,
        likeliest: list[tuple[int, float]],
        rival: float,
    ) -> Suggestion | None:
        (best, share), *others = likeliest
        confidence = confidence_of_share(share, rival=rival)
        if confidence < LEAST_CONFIDENCE:
            return None
        place = self.places[best]
        words = dict.fromkeys(words_read(normalize(question.text)))
        spoken = [(weights.weight_of(bucket_of(f"w{word}"), place), word) for word in words]
        telling = sorted((pair for pair in spoken if pair[0] > _LEAST_REASON), reverse=True)
        reasons = [word for _, word in telling[:_MOST_REASONS]]
        kind = ""
        if finding and finding.brand:
            speaks = sum(weights.weight_of(bucket, place) for bucket in buckets_of_finding(finding))
            if speaks > _LEAST_REASON:
                kind = f"{finding.brand.title} is a known {finding.brand.kind.label}"
        left = (1 - confidence) / (1 - share + 1e-9)
        return Suggestion(
            category=weights.categories[place],
            confidence=confidence,
            score=round(share, 4),
            explanation=_explain(reasons, kind, self.names[best], weights.n_confirmed),
            alternatives=tuple(
                (weights.categories[self.places[i]], math.floor(other * left * 10_000) / 10_000) for i, other in others
            ),
            details={"words": reasons, "learned_from": weights.n_confirmed},
            evidence=Evidence.LEARNED,
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
