"""How fresh the insights of a ledger are."""

from django.db import models

from expenses.models.ledgers import Ledger


class InsightState(models.Model):
    """State of a ledger that its insights were last computed from. There is no row before the first computation."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: The ledger's version; null: never computed.
    version = models.BigIntegerField(null=True)
    #: The day of the computation.
    day = models.DateField(null=True)
    #: How the ledger was read: currency, weeks and months, and the version of the arithmetic.
    reading = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    #: From the week of the first payment to that of the last one.
    n_weeks = models.PositiveIntegerField(default=0)
    #: The last day with a payment; null without payments.
    recorded_until = models.DateField(null=True)
    #: Rows left out because no rate into the currency is known.
    n_unconverted = models.PositiveIntegerField(default=0)
    #: The rates that the amounts took, as reports name them.
    rates_used = models.JSONField(default=list)
    computed_at = models.DateTimeField(null=True)
    #: The duration of the computation.
    computed_for_s = models.FloatField(default=0)
    #: The last day on which a client asked for insights.
    asked_on = models.DateField(null=True)
    #: A task is queued; no other one is queued before this instant.
    refreshing_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id} at version {self.version}"
