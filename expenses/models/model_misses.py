"""Rows for which the model could not be asked, and why."""

from django.db import models

from expenses.models.ledgers import Ledger
from expenses.models.transactions import Transaction

REASON_LENGTH = 500


class ModelMiss(models.Model):
    """The failed tries to ask the model about a row that still awaits it. A row that was never asked about has none."""

    transaction = models.OneToOneField(Transaction, models.CASCADE, primary_key=True, related_name="model_miss")
    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+")
    #: The sentence of the last failure.
    reason = models.CharField(max_length=REASON_LENGTH)
    #: When the first try failed.
    since = models.DateTimeField(auto_now_add=True)
    n_tries = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.n_tries} tries: {self.reason}"
