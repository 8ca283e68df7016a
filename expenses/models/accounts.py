"""Accounts of a ledger."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower

from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.models.prepared_queries import PreparedQuery
from expenses.querysets import OwnedQuerySet


class AccountType(models.TextChoices):
    """The type of an account."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CARD = "card"
    CASH = "cash"
    OTHER = "other"


class Account(models.Model):
    """A place of money: a bank account, a card, a purse."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="accounts")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=8, choices=AccountType.choices, default=AccountType.CHECKING)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2, blank=True, default="")
    opening_balance = ExactDecimalField(default=Decimal(0))
    #: As ISO 13616 writes it, without spaces; "" if unknown. Statements that name it find the account.
    iban = models.CharField(max_length=34, blank=True, default="")
    #: The bank's own number of the account or card, where there is no IBAN beside or instead of it.
    number = models.CharField(max_length=40, blank=True, default="")
    #: False once it is closed: nothing new is recorded in it.
    is_active = models.BooleanField(default=True)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    #: Balances in other currencies, once `reports.balances.note_other_currencies` has looked for them.
    other_currencies: Sequence[Any] = ()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("ledger", Lower("name"), name="account_name_unique"),
            # Some banks keep several currencies under one IBAN.
            models.UniqueConstraint(
                fields=["ledger", "iban", "currency"], name="account_iban_unique", condition=~models.Q(iban="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


@PreparedQuery
def accounts_of(ledger: int) -> "models.QuerySet[Account]":
    """Return the accounts of a ledger by its id, in the order of their ids."""
    return Account.objects.filter(ledger_id=ledger)


def common_country(ledger: int) -> str:
    """Return the country of a ledger's accounts by its id; "" if they name several, or none."""
    countries = {account.country for account in accounts_of(ledger)} - {""}
    return countries.pop() if len(countries) == 1 else ""
