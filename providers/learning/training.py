"""Train a classifier on confirmed transactions, with the dictionary's knowledge as a few imagined ones.

One logistic regression for each category against all others, by liblinear: the same result every time, a fifth of a
second for a thousand transactions.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.grams import Features, GramTable
from providers.interface import LabeledQuestion
from providers.learning.features import (
    FIRST_NAMED,
    FIRST_PIECE,
    WIDTH,
    TextKnowledge,
    example_of_finding,
    example_of_resemblance,
    features_of,
    known_of,
    weigh,
)
from providers.learning.weights import Weights, codes_of_words
from providers.merchants.provider import KindCategories, known_groups
from providers.name_classifier.provider import load_name_classifier
from providers.normalization import normalize

#: At most this many confirmed transactions are learned from: the latest.
MOST = 10_000
#: At most so many of the commonest words, and as many pieces of words, are features.
MOST_OF_BLOCK = 20_000
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
    words = codes_of_words(word for question, _ in latest for word in normalize(question.text).split())
    return fit(lessons, categories, words=words, n_confirmed=len(latest)) if len(categories) > 1 else None


def _imagine(confirmed: Sequence[LabeledQuestion], known: Sequence[TextKnowledge]) -> list[Lesson]:
    """Return lessons from the dictionary about the system's categories.

    They count less the less the user puts what the dictionary knows into those categories. A lesson that the user has
    contradicted, by putting pet shops elsewhere, counts less still.
    """
    if not confirmed:
        return []
    offered = {category.id: category for question, _ in confirmed for category in question.categories}
    # Rows of which the dictionary knows nothing, such as payments to friends, say nothing about its categories.
    trust = share_of_system([one for one, knowledge in zip(confirmed, known, strict=True) if knowledge.finding]) ** 2
    if trust < _LEAST_TRUST:
        return []
    used = frozenset(category for _, category in confirmed)
    categories = KindCategories(tuple(offered.values()), confirmed[-1].question.kinds, used)
    # The user's choices for each category of the dictionary.
    chosen: dict[str, Counter[int]] = defaultdict(Counter)
    for (_, category), knowledge in zip(confirmed, known, strict=True):
        if knowledge.finding:
            chosen[knowledge.finding.category][category] += 1
    lessons = []
    for group in sorted(known_groups()):
        place = categories.find(group=group)
        if place is None:
            continue
        category = place.category.id
        # One choice for the category is imagined, so that a group without choices counts in full.
        agreement = ((chosen[group][category] + 1) / (chosen[group].total() + 1)) ** 2
        lessons += imagined_lessons(group, category, weight=trust * agreement)
    return lessons


def imagined_lessons(group: str, category: int, *, weight: float = 1.0) -> list[Lesson]:
    """Return the lessons that the dictionary's group (the key of a system's category) belongs to the category."""
    direction = "in" if group in _INCOMING else "out"
    lessons = [Lesson(example_of_finding(group, direction), category, _FINDING_WEIGHT * weight)]
    if group in load_name_classifier().categories:
        lessons.append(Lesson(example_of_resemblance(group), category, _RESEMBLANCE_WEIGHT * weight))
    return lessons


def share_of_system(confirmed: Sequence[LabeledQuestion]) -> float:
    """Return the share of transactions in categories of the system, with two imagined ones."""
    n = sum(any(offered.id == category and offered.key for offered in q.categories) for q, category in confirmed)
    return (n + _DOUBT) / (len(confirmed) + _DOUBT)


def fit(
    lessons: Sequence[Lesson], categories: Sequence[int], *, words: NDArray[np.uint32], n_confirmed: int
) -> Weights:
    """Fit the weights; `categories` are the ids that lessons name, in order."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - slow
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - slow

    counts = np.array([lesson.weight for lesson in lessons])
    table = GramTable.of([lesson.features for lesson in lessons])
    idf = _inverse_frequencies(table, counts)
    table = weigh(table, idf)
    buckets, columns = np.unique(table.buckets, return_inverse=True)
    matrix = csr_matrix((table.values, columns, table.starts), shape=(len(lessons), len(buckets)))
    answers = np.array([lesson.category for lesson in lessons])
    weights = np.zeros((len(buckets), len(categories)))
    bias = np.zeros(len(categories))
    # Its vectors are short: more threads than one would wait for each other, up to a hundred times as long.
    with threadpool_limits(limits=1):
        for i, category in enumerate(categories):
            one = LogisticRegression(C=C, solver="liblinear", tol=TOLERANCE, random_state=0)
            one.fit(matrix, answers == category, sample_weight=counts)
            weights[:, i], bias[i] = one.coef_[0], one.intercept_[0]
    kept = idf[buckets] > 0
    return Weights(
        tuple(categories),
        buckets[kept].astype(np.int32),
        idf[buckets[kept]],
        weights[kept].astype(np.float16),
        bias.astype(np.float32),
        words,
        n_confirmed,
    )


def _inverse_frequencies(table: GramTable, counts: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the inverse document frequency of each bucket: ln((1 + n) / (1 + df)) + 1, as scikit-learn has it.

    `counts` is how often each text occurs. Features that are no text have 1. Rare ones beyond MOST_OF_BLOCK have 0.
    """
    each = np.repeat(counts, np.diff(table.starts))
    frequencies = np.bincount(table.buckets, weights=each, minlength=WIDTH)
    # Imagined lessons have no text.
    has_text = np.add.reduceat(np.append(table.buckets < FIRST_PIECE, False).astype(int), table.starts[:-1]) > 0
    idf = np.zeros(WIDTH, dtype=np.float32)
    for first, end in ((0, FIRST_PIECE), (FIRST_PIECE, FIRST_NAMED)):
        found = first + np.flatnonzero(frequencies[first:end])
        common = found[np.argsort(-frequencies[found], kind="stable")[:MOST_OF_BLOCK]]
        idf[common] = np.log((1 + counts[has_text].sum()) / (1 + frequencies[common])) + 1
    idf[FIRST_NAMED:] = 1.0
    return idf
