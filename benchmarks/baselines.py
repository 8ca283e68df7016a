"""Simple methods, trained on the same rows: exact memory, naive Bayes, a linear support vector machine."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.labeled_files import LabeledRow

#: Category id for each asked row, or None.
Answers = list[int | None]


def remember(confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> Answers:
    """Answer the latest category of the same normalized text."""
    known = {row.text: row.category for row in confirmed}
    return [known.get(row.text) for row in asked]


def guess_by_words(confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> Answers:
    """Answer by multinomial naive Bayes on counts of words."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    return _answers(make_pipeline(CountVectorizer(token_pattern=r"(?u)\w+"), MultinomialNB()), confirmed, asked)


def separate(confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> Answers:
    """Answer by a linear support vector machine on TF-IDF of words, word pairs and pieces of 2 to 5 characters."""
    return _answers(machine(), confirmed, asked)


def machine() -> Any:
    """Return the untrained machine of `separate`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\w+", sublinear_tf=True)
    pieces = TfidfVectorizer(ngram_range=(2, 5), analyzer="char_wb", sublinear_tf=True)
    return make_pipeline(make_union(words, pieces), LinearSVC(random_state=0))


def _answers(pipeline: Any, confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> Answers:
    categories = [row.category for row in confirmed]
    if len(set(categories)) == 1:
        return [categories[0]] * len(asked)
    pipeline.fit([_text_of(row) for row in confirmed], categories)
    return [int(category) for category in pipeline.predict([_text_of(row) for row in asked])]


def _text_of(row: LabeledRow) -> str:
    """Return the normalized text, or the bank's text if nothing is left of it."""
    return row.text or row.question.text


BASELINES: Mapping[str, Callable[[Sequence[LabeledRow], Sequence[LabeledRow]], Answers]] = {
    "exact merchant memory": remember,
    "naive Bayes": guess_by_words,
    "linear SVC": separate,
}
