"""Exchange rates: the ECB's belong to no ledger, a user's own to theirs."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from expenses.models.ledgers import Ledger, ledger_id_of


class RateSource(models.TextChoices):
    """The source of a rate."""

    ECB = "ecb", "European Central Bank"
    MANUAL = "manual", "Written by a person"


class ExchangeRateQuerySet(models.QuerySet[Any]):
    """The ECB's rates, which every user sees, and a ledger's own."""

    def for_user(self, user: User) -> Self:
        return self.filter(Q(ledger_id=ledger_id_of(user)) | Q(ledger_id=None))

    def own(self, ledger_id: int) -> Self:
        return self.filter(ledger_id=ledger_id)

    def reference(self) -> Self:
        """Keep the ECB's rates, all of them with the euro as base."""
        return self.filter(ledger_id=None)

    def reference_revision(self) -> int:
        """Return a number that rises whenever rates of the ECB are added, which no ledger's version shows."""
        newest: int | None = self.reference().order_by("-pk").values_list("pk", flat=True).first()
        return newest or 0


class ExchangeRate(models.Model):
    """A rate of a day: one unit of `base` was worth `rate` units of `quote`.

    SQLite keeps the rate as a double, which gives back any 15 significant digits as they were written; more are refused
    on input, and nothing is summed (docs/currencies.md).
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, null=True, related_name="rates", db_index=False)
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    date = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=15)
    source = models.CharField(max_length=6, choices=RateSource.choices)
    version = models.BigIntegerField(default=0)

    objects: ClassVar[Any] = ExchangeRateQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-id"]
        verbose_name = "rate"
        indexes = [
            models.Index(fields=["-date", "-id"], name="rate_date"),
            models.Index(fields=["ledger", "version"], name="rate_version"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="rate_of_two_currencies"),
            models.CheckConstraint(
                condition=Q(ledger__isnull=True, source=RateSource.ECB)
                | Q(ledger__isnull=False, source=RateSource.MANUAL),
                name="rate_source_fits_ledger",
            ),
            models.UniqueConstraint(
                fields=["ledger", "base", "quote", "date"], name="rate_unique", condition=Q(ledger__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["base", "quote", "date"], name="rate_reference_unique", condition=Q(ledger__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base} to {self.quote} on {self.date}"
