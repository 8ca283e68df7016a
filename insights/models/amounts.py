"""Statistics of amounts, from which one more amount is scored."""

from django.db import models

from expenses.models.ledgers import Ledger
from insights.anomalies.amount_keys import LEVELS, TEXT_LENGTH


class AmountGroup(models.Model):
    """The amounts of one payee, of payees with the same first word, of a category, or of all; in one currency."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in ("expense", "refund", "income")])
    level = models.CharField(max_length=14, choices=[(level, level) for level in LEVELS])
    #: The payee, the first word, or the id of the category.
    text = models.CharField(max_length=TEXT_LENGTH, blank=True, default="")
    n = models.PositiveIntegerField()
    #: For a payee, and for all payees together: payments that repeated an amount within a few days.
    n_repeats = models.PositiveIntegerField(default=0)
    #: Equal as long as the same payments are in it.
    fingerprint = models.BigIntegerField()
    #: Logarithms of amounts, ascending, and the number of amounts around each.
    points = models.JSONField()
    weights = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ledger", "kind", "level", "text"], name="amount_group_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.n} of {self.level} {self.text}"


class AmountCalibration(models.Model):
    """How unusual the newest payments of a ledger were on their day."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: The currency of all amounts of the ledger's groups.
    currency = models.CharField(max_length=3)
    #: Log odds, ascending.
    oddities = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {len(self.oddities)} payments"
