"""How fresh a ledger's insights are."""

from django.db import models

from expenses.models.ledgers import Ledger


class Standing(models.Model):
    """What a ledger's insights were last computed from. One a ledger, none before the first time."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: The ledger's version then; null: never.
    version = models.BigIntegerField(null=True)
    #: The day that was today.
    day = models.DateField(null=True)
    #: How it was read: currency, weeks and months, and the version of the arithmetic.
    reading = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    #: From the first payment's week to the last one's.
    n_weeks = models.PositiveIntegerField(default=0)
    #: The last day with a payment; null: there are none.
    recorded_until = models.DateField(null=True)
    #: Rows left out because no rate into the currency is known.
    n_unconverted = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(null=True)
    #: How long that took.
    computed_for_s = models.FloatField(default=0)
    #: The last day on which somebody asked.
    asked_on = models.DateField(null=True)
    #: A task that computes is queued; nobody else queues one before this instant.
    refreshing_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id} at version {self.version}"
