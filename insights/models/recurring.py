"""Recurring payments as last computed."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet

#: Longer names of payees are cut.
PAYEE_LENGTH = 200


class RecurringKind(models.TextChoices):
    """The direction of the money."""

    EXPENSE = "expense"
    INCOME = "income"


class RhythmChoice(models.TextChoices):
    """The rhythms of recurring payments."""

    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    FOUR_WEEKLY = "four_weekly"
    MONTHLY = "monthly"
    BIMONTHLY = "bimonthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


class RecurringStatus(models.TextChoices):
    """Early: perhaps. Mature: to be counted on. Ended: no more."""

    EARLY = "early"
    MATURE = "mature"
    ENDED = "ended"


class RecurringPayment(models.Model):
    """Payments of one rhythm, as last computed. Computed anew it keeps its id as long as it is the same one."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+")
    payee = models.CharField(max_length=PAYEE_LENGTH)
    kind = models.CharField(max_length=7, choices=RecurringKind.choices)
    rhythm = models.CharField(max_length=11, choices=RhythmChoice.choices)
    #: The currency in which it is paid.
    currency = models.CharField(max_length=3)
    #: The currency of the ledger's founder, and how much of it a unit was worth at the last payment.
    base_currency = models.CharField(max_length=3, default="")
    rate = models.DecimalField(max_digits=24, decimal_places=15, default=1)
    #: The amount to expect next, and its range.
    amount = ExactDecimalField()
    low = ExactDecimalField()
    high = ExactDecimalField()
    #: Ids of transactions, in the order of their days.
    payments = models.JSONField(default=list)
    first_on = models.DateField()
    last_on = models.DateField()
    #: Null: it has ended.
    next_on = models.DateField(null=True)
    day_of_month = models.PositiveSmallIntegerField(null=True)
    window_days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=6, choices=RecurringStatus.choices)
    confidence = models.FloatField()
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    #: Days on which one was due and none came.
    missed = models.JSONField(default=list)
    #: The last change of its price: `from`, `to` and `on`; null: none.
    raised = models.JSONField(null=True)
    is_varying = models.BooleanField()
    #: Pairs of ids: a payment, and the second one of its due date.
    doubled = models.JSONField(default=list)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.payee} ({self.rhythm})"
