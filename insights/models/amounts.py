"""What is stored of amounts: enough to say of one more whether it is unusual."""

from django.db import models

from expenses.models.ledgers import Ledger
from insights.amounts.keys import LEVELS, TEXT_LENGTH


class AmountGroup(models.Model):
    """The amounts of one payee, of payees with the same first word, of a category, or of all; in one currency."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in ("expense", "refund", "income")])
    level = models.CharField(max_length=14, choices=[(level, level) for level in LEVELS])
    #: What it is called; a category by its id.
    text = models.CharField(max_length=TEXT_LENGTH, blank=True, default="")
    n = models.PositiveIntegerField()
    #: Of a payee, and of all payees: how many payments repeated an amount within a few days.
    n_repeats = models.PositiveIntegerField(default=0)
    #: Equal as long as the same payments are in it.
    fingerprint = models.BigIntegerField()
    #: Logarithms of amounts, ascending, and of how many amounts each is the middle.
    points = models.JSONField()
    weights = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ledger", "kind", "level", "text"], name="amount_group_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.n} of {self.level} {self.text}"


class AmountCalibration(models.Model):
    """How odd a ledger's newest payments were on their day. One a ledger."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: What all amounts of the ledger's groups are in.
    currency = models.CharField(max_length=3)
    #: Ascending.
    oddities = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {len(self.oddities)} payments"
