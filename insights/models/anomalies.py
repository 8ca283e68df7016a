"""What was found to be odd, and what people said of it."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet
from insights.models.recurring import PAYEE_LENGTH

KEY_LENGTH = 64


class Kind(models.TextChoices):
    """What is odd."""

    UNUSUAL_WEEK = "unusual_week"
    NEW_MERCHANT = "new_merchant"
    DUPLICATE_CHARGE = "duplicate_charge"
    PRICE_RISE = "price_rise"
    MISSING_BILL = "missing_bill"


class Verdict(models.TextChoices):
    """Nothing odd about it, for good; not now; well seen."""

    NORMAL = "normal"
    DISMISSED = "dismissed"
    USEFUL = "useful"


class Anomaly(models.Model):
    """One finding, as it was last computed. Computed anew as a whole, so that only its key stays the same."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    #: Null: what has no category, or everything.
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
    #: Of an unusual week: trend, seasonal, residual and known_bills as strings, and the ids of `also`.
    parts = models.JSONField(default=dict)
    #: Ids of transactions, the one that matters most first.
    transactions = models.JSONField(default=list)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "anomalies"
        constraints = [models.UniqueConstraint(fields=["ledger", "key"], name="anomaly_unique")]

    def __str__(self) -> str:
        return self.key


class AnomalyFeedback(models.Model):
    """What a person said of a finding. It outlives the finding, and silences later ones of the same kind."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    verdict = models.CharField(max_length=9, choices=Verdict.choices)
    #: What it was about, as it was then.
    kind = models.CharField(max_length=16, choices=Kind.choices)
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    is_overall = models.BooleanField(default=False)
    payee = models.CharField(max_length=PAYEE_LENGTH, blank=True, default="")
    day = models.DateField()
    observed = ExactDecimalField()
    currency = models.CharField(max_length=3)
    #: The ids that made it: they tell it again when its key has changed.
    transactions = models.JSONField(default=list)
    given_at = models.DateTimeField()
    #: The day that was where the person lives.
    given_on = models.DateField()
    version = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["ledger", "version"], name="anomaly_feedback_version")]
        constraints = [models.UniqueConstraint(fields=["ledger", "key"], name="anomaly_feedback_unique")]
        verbose_name = "anomaly feedback"

    def __str__(self) -> str:
        return f"{self.key}: {self.verdict}"
