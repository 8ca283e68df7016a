"""How the classifier that learns from confirmed rows makes use of the processor."""

from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from providers.interface import LabeledQuestion, OfferedCategory, Question
from providers.learning.training import train

CATEGORIES = (OfferedCategory(1, "Groceries", "expense", "groceries"), OfferedCategory(2, "Hund", "expense"))
CONFIRMED = [
    LabeledQuestion(Question("REWE SAGT DANKE", CATEGORIES, 1), 1),
    LabeledQuestion(Question("FRESSNAPF BERLIN", CATEGORIES, 1), 2),
]


def test_training_keeps_to_one_thread(monkeypatch):
    threads: set[int] = set()
    fit = LogisticRegression.fit

    def watched(*args, **kwargs):
        threads.update(pool["num_threads"] for pool in threadpool_info())
        return fit(*args, **kwargs)

    monkeypatch.setattr(LogisticRegression, "fit", watched)

    assert train(CONFIRMED) is not None
    assert threads == {1}
