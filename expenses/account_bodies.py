"""How balances and registers of accounts are asked for and shown."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.balances import Balance, running_balances
from expenses.bodies import TransactionBody, describe_transaction
from expenses.inputs import DayField
from expenses.models import Account, Transaction
from expenses.money import format_amount
from expenses.references import CurrencyField


class BalancesInput(serializers.Serializer[Any]):
    """As of which day."""

    date = DayField(required=False, default=None, help_text="At the end of this day; without it, of all that is there.")


class OtherCurrencySerializer(serializers.Serializer[Any]):
    """What rows in a currency that is not the account's come to."""

    currency = serializers.CharField()
    amount = serializers.CharField()
    n_transactions = serializers.IntegerField()


class BalanceSerializer(serializers.Serializer[Any]):
    """What lies in an account, in its own currency."""

    account = serializers.IntegerField()
    account_name = serializers.CharField()
    is_active = serializers.BooleanField()
    currency = serializers.CharField()
    opening_balance = serializers.CharField()
    balance = serializers.CharField()
    n_transactions = serializers.IntegerField()
    other_currencies = OtherCurrencySerializer(many=True)


class BalancesSerializer(serializers.Serializer[Any]):
    """The balances of all accounts; they are never added up, since there is no rate here."""

    date = serializers.DateField(allow_null=True)
    results = BalanceSerializer(many=True)


class RegisterInput(serializers.Serializer[Any]):
    """Which part of a register, and in which order."""

    start = DayField(required=False, default=None)
    end = DayField(required=False, default=None)
    currency = CurrencyField(required=False, default=None, help_text="Of rows that are not in the account's currency.")
    ordering = serializers.ChoiceField(choices=["date", "-date"], default="-date")


class RegisterRow(TransactionBody):
    """A transaction, and what lay in the account after it."""

    signed_amount = serializers.CharField(help_text="Negative for money out.")
    balance = serializers.CharField(help_text="The opening balance and every row up to this one, by date and id.")


def describe_balance(balance: Balance) -> dict[str, Any]:
    """The body of one account's balance."""
    account = balance.account
    return {
        "account": account.pk,
        "account_name": account.name,
        "is_active": account.is_active,
        "currency": account.currency,
        "opening_balance": format_amount(account.opening_balance, account.currency),
        "balance": format_amount(balance.amount, account.currency),
        "n_transactions": balance.moved.n,
        "other_currencies": [
            {
                "currency": part.currency,
                "amount": format_amount(part.amount, part.currency),
                "n_transactions": part.n,
            }
            for part in balance.others
        ],
    }


def describe_register(account: Account, *, currency: str, page: Sequence[Transaction]) -> list[dict[str, Any]]:
    """The bodies of a page of an account's register."""
    balances = running_balances(account, currency=currency, page=page)
    return [_register_row(row, balances[row.pk]) for row in page]


def _register_row(row: Transaction, balance: Decimal) -> dict[str, Any]:
    signed = row.amount if row.direction == "in" else -row.amount
    return {
        **describe_transaction(row),
        "signed_amount": format_amount(signed, row.currency),
        "balance": format_amount(balance, row.currency),
    }
