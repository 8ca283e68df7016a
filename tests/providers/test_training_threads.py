"""How the classifier that learns from confirmed rows makes use of the processor."""

import sklearn.linear_model
from threadpoolctl import threadpool_info

from providers.interface import Category, Confirmed, Transaction
from providers.learning.training import train

CATEGORIES = (Category(1, "Groceries", "expense", "groceries"), Category(2, "Hund", "expense"))
CONFIRMED = [
    Confirmed(Transaction("REWE SAGT DANKE", CATEGORIES, 1), 1),
    Confirmed(Transaction("FRESSNAPF BERLIN", CATEGORIES, 1), 2),
]


def test_training_keeps_to_one_thread(monkeypatch):
    seen = []

    class Watched(sklearn.linear_model.LogisticRegression):
        def fit(self, *args, **kwargs):
            seen.extend(pool["num_threads"] for pool in threadpool_info())
            return super().fit(*args, **kwargs)

    monkeypatch.setattr(sklearn.linear_model, "LogisticRegression", Watched)

    assert train(CONFIRMED) is not None
    assert set(seen) == {1}
