"""Spending of each week, decomposed, as last computed."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet


class WeeklySpending(models.Model):
    """Whole weeks of spending of a category or of everything, without known bills, and their decomposition."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    #: The id of the category, `none` for spending without one, or `all`.
    subject = models.CharField(max_length=20)
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    #: The first day of the first week.
    first = models.DateField()
    n_weeks = models.PositiveIntegerField()
    #: Null with too few weeks to decompose them.
    period_weeks = models.PositiveSmallIntegerField(null=True)
    #: The share of the season that counts for the week to come.
    weight = models.FloatField(null=True)
    #: By name: an amount for each week, as a string. `trend`, `seasonal` and `residual` are missing with too few weeks.
    #: Of `expected`, `low` and `high`, the first weeks are null.
    figures = models.JSONField(default=dict)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "weekly spending"
        constraints = [models.UniqueConstraint(fields=["ledger", "subject"], name="weekly_spending_unique")]

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}: {self.subject}"
