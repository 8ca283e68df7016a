"""Feedback of users on insights."""

import datetime as dt
from typing import Any, ClassVar

from django.db import models

from expenses.models import Category
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet
from insights.models.anomalies import KEY_LENGTH, AnomalyKind
from insights.models.recurring import PAYEE_LENGTH, RecurringKind, RhythmChoice

NAME_LENGTH = 100
#: How long `dismissed` holds.
DISMISSED_DAYS = 60


class InsightFeedback(models.Model):
    """Feedback of a user on an insight. It outlives the insight and holds for the same one when it is found again.

    Feedback on anomalies and on recurring payments has tables of their own, since clients know its ids by type.
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    payee = models.CharField(max_length=PAYEE_LENGTH)
    currency = models.CharField(max_length=3)
    #: Ids of the transactions of the insight: they identify it again.
    transactions = models.JSONField(default=list)
    given_at = models.DateTimeField()
    version = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True


class AnomalyVerdict(models.TextChoices):
    """Not unusual, for good; not now; well found."""

    NORMAL = "normal"
    DISMISSED = "dismissed"
    USEFUL = "useful"


class AnomalyFeedback(InsightFeedback):
    """Feedback on an anomaly, with the anomaly as it was then. It silences later anomalies like it."""

    key = models.CharField(max_length=KEY_LENGTH)
    verdict = models.CharField(max_length=9, choices=AnomalyVerdict.choices)
    kind = models.CharField(max_length=16, choices=AnomalyKind.choices)
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    is_overall = models.BooleanField(default=False)
    payee = models.CharField(max_length=PAYEE_LENGTH, blank=True, default="")
    day = models.DateField()
    observed = ExactDecimalField()
    #: The day in the user's time zone.
    given_on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["ledger", "version"], name="anomaly_feedback_version")]
        constraints = [models.UniqueConstraint(fields=["ledger", "key"], name="anomaly_feedback_unique")]
        verbose_name = "anomaly feedback"

    def __str__(self) -> str:
        return f"{self.key}: {self.verdict}"

    @property
    def expires_on(self) -> dt.date | None:
        """The last day on which it holds; None: for good."""
        return self.given_on + dt.timedelta(DISMISSED_DAYS) if self.verdict == AnomalyVerdict.DISMISSED else None


class RecurringVerdict(models.TextChoices):
    """Recurring; not recurring."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class RecurringChoice(InsightFeedback):
    """Feedback on a recurring payment. It holds for the payee's payments within a band of amounts, too."""

    verdict = models.CharField(max_length=9, choices=RecurringVerdict.choices)
    #: The user's name for it; empty: the payee's name.
    name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    kind = models.CharField(max_length=7, choices=RecurringKind.choices)
    rhythm = models.CharField(max_length=11, choices=RhythmChoice.choices)
    #: The band of amounts.
    low = ExactDecimalField()
    high = ExactDecimalField()

    class Meta:
        indexes = [models.Index(fields=["ledger", "version"], name="recurring_choice_version")]

    def __str__(self) -> str:
        return f"{self.payee}: {self.verdict}"
