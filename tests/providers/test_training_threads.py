"""How the classifier that learns from confirmed rows makes use of the processor."""

from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from providers.interface import Category, Confirmed, Transaction
from providers.learning.training import train

CATEGORIES = (Category(1, "Groceries", "expense", "groceries"), Category(2, "Hund", "expense"))
CONFIRMED = [
    Confirmed(Transaction("REWE SAGT DANKE", CATEGORIES, 1), 1),
    Confirmed(Transaction("FRESSNAPF BERLIN", CATEGORIES, 1), 2),
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
