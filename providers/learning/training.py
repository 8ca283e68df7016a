"""Train a classifier on confirmed transactions, with the dictionary's knowledge as a few imagined ones.

One logistic regression for each category against all others, by liblinear: the same result every time, a fifth of a
second for a thousand transactions.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from providers.grams import Features
from providers.interface import LabeledQuestion
from providers.learning.features import TextKnowledge, example_of_finding, example_of_resemblance, features_of, known_of
from providers.learning.weights import Weights
from providers.merchants.provider import KindCategories, known_groups
from providers.name_classifier.provider import load_name_classifier

#: At most this many confirmed transactions are learned from: the latest.
MOST = 10_000
#: Inverse strength of the penalty on large weights; chosen by `benchmarks/categorization.py`.
C = 10.0
TOLERANCE = 1e-2
#: The weight of an imagined transaction, by its origin.
_FINDING_WEIGHT = 1.0
_RESEMBLANCE_WEIGHT = 0.5
#: Ledgers that use no category of the system get none of them imagined.
_LEAST_TRUST = 0.02
_DOUBT = 2
_INCOMING = frozenset({"income", "salary", "interest", "other-income"})


class Lesson(NamedTuple):
    """An example for the classifier, and its weight."""

    features: Features
    category: int
    weight: float = 1.0


def train(confirmed: Sequence[LabeledQuestion], *, country: str = "") -> Weights | None:
    """Train on these, oldest first. Return None if they and the dictionary name fewer than two categories.

    Equal arguments give equal weights on one machine.
    """
    latest = confirmed[-MOST:]
    known = known_of([question for question, _ in latest], country=country)
    # Equal transactions are one lesson, weighted by their number.
    features = features_of([question for question, _ in latest], known)
    counted = Counter(zip(features, (category for _, category in latest), strict=True))
    lessons = [Lesson(found, category, float(n)) for (found, category), n in counted.items()]
    lessons += _imagine(latest, known)
    categories = sorted({lesson.category for lesson in lessons})
    return _fit(lessons, categories, len(latest)) if len(categories) > 1 else None


def _imagine(confirmed: Sequence[LabeledQuestion], known: Sequence[TextKnowledge]) -> list[Lesson]:
    """Return lessons from the dictionary about the system's categories.

    They count less the less the user uses those categories. A lesson that the user has contradicted, by putting pet
    shops elsewhere, counts less still.
    """
    if not confirmed:
        return []
    offered = {category.id: category for question, _ in confirmed for category in question.categories}
    trust = share_of_system(confirmed) ** 2
    if trust < _LEAST_TRUST:
        return []
    categories = KindCategories(tuple(offered.values()), confirmed[-1].question.kinds)
    # The user's choices for each category of the dictionary.
    chosen: dict[str, Counter[int]] = defaultdict(Counter)
    for (_, category), (finding, _) in zip(confirmed, known, strict=True):
        if finding:
            chosen[finding.category][category] += 1
    resembled = set(load_name_classifier().categories)
    lessons = []
    for group in sorted(known_groups()):
        place = categories.find(group=group)
        if place is None:
            continue
        category = place.category.id
        # One choice for the category is imagined, so that a group without choices counts in full.
        agreement = ((chosen[group][category] + 1) / (chosen[group].total() + 1)) ** 2
        direction = "in" if group in _INCOMING else "out"
        lessons.append(Lesson(example_of_finding(group, direction), category, _FINDING_WEIGHT * trust * agreement))
        if group in resembled:
            weight = _RESEMBLANCE_WEIGHT * trust * agreement
            lessons.append(Lesson(example_of_resemblance(group), category, weight))
    return lessons


def share_of_system(confirmed: Sequence[LabeledQuestion]) -> float:
    """Return the share of transactions in categories of the system, with two imagined ones."""
    n = sum(any(offered.id == category and offered.key for offered in q.categories) for q, category in confirmed)
    return (n + _DOUBT) / (len(confirmed) + _DOUBT)


def _fit(lessons: Sequence[Lesson], categories: Sequence[int], n_confirmed: int) -> Weights:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - slow
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - slow

    buckets, columns = np.unique([b for lesson in lessons for b in lesson.features[0]], return_inverse=True)
    values = [value for lesson in lessons for value in lesson.features[1]]
    starts = np.cumsum([0, *(len(lesson.features[0]) for lesson in lessons)])
    table = csr_matrix((values, columns, starts), shape=(len(lessons), len(buckets)))
    answers = np.array([lesson.category for lesson in lessons])
    counts = np.array([lesson.weight for lesson in lessons])
    weights = np.zeros((len(buckets), len(categories)))
    bias = np.zeros(len(categories))
    # Its vectors are short: more threads than one would wait for each other, up to a hundred times as long.
    with threadpool_limits(limits=1):
        for i, category in enumerate(categories):
            one = LogisticRegression(C=C, solver="liblinear", tol=TOLERANCE, random_state=0)
            one.fit(table, answers == category, sample_weight=counts)
            weights[:, i], bias[i] = one.coef_[0], one.intercept_[0]
    return Weights(
        tuple(categories), buckets.astype(np.int32), weights.astype(np.float16), bias.astype(np.float32), n_confirmed
    )
