"""Anomalies, and the statistics from which single amounts are scored, as last computed."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet
from insights.anomalies.amount_keys import LEVELS, TEXT_LENGTH
from insights.models.recurring import PAYEE_LENGTH

KEY_LENGTH = 64


class AnomalyKind(models.TextChoices):
    """Kinds of anomalies."""

    UNUSUAL_WEEK = "unusual_week"
    NEW_MERCHANT = "new_merchant"
    DUPLICATE_CHARGE = "duplicate_charge"
    PRICE_RISE = "price_rise"
    MISSING_BILL = "missing_bill"


class Anomaly(models.Model):
    """One anomaly. All are computed anew together, so that only its key stays the same."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=16, choices=AnomalyKind.choices)
    #: Null for spending without a category, and for all spending.
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")
    is_overall = models.BooleanField(default=False)
    payee = models.CharField(max_length=PAYEE_LENGTH, blank=True, default="")
    day = models.DateField()
    #: The first day of its week.
    week = models.DateField()
    currency = models.CharField(max_length=3)
    observed = ExactDecimalField()
    expected = ExactDecimalField()
    low = ExactDecimalField()
    high = ExactDecimalField()
    score = models.FloatField()
    severity = models.FloatField()
    method = models.CharField(max_length=24)
    #: For an unusual week: trend, seasonal, residual and known_bills as strings, n_weeks, and the ids of `also`. For
    #: amounts in another currency than the founder's: `base`, with this currency and the rate into it.
    parts = models.JSONField(default=dict)
    #: Ids of transactions; of an unusual week the largest first.
    transactions = models.JSONField(default=list)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "anomalies"
        constraints = [models.UniqueConstraint(fields=["ledger", "key"], name="anomaly_unique")]

    def __str__(self) -> str:
        return self.key


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
    log_odds = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {len(self.log_odds)} payments"
