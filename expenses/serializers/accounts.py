"""How balances and registers of accounts are asked for and shown."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.ledger.money import Money, format_amount
from expenses.models import Account, Transaction
from expenses.reports.balances import Balance, running_balances
from expenses.reports.valuation import Valuation, parts_of
from expenses.serializers.fields import CurrencyField
from expenses.serializers.rates import format_rate
from expenses.serializers.transaction_input import DayField
from expenses.serializers.transactions import TransactionBody, describe_transaction


class BalancesInput(serializers.Serializer[Any]):
    """As of which day, and in which currency besides the accounts' own."""

    date = DayField(required=False, default=None, help_text="At the end of this day; without it, of all that is there.")
    currency = CurrencyField(
        required=False, default=None, help_text="What `in_base` and `total` are in; your base currency unless given."
    )


class WorthSerializer(serializers.Serializer[Any]):
    """What an amount is worth in the currency that was asked for; `missing` says why there is none."""

    currency = serializers.CharField()
    amount = serializers.CharField(allow_null=True)
    rate = serializers.CharField(allow_null=True)
    rate_date = serializers.DateField(allow_null=True)
    source = serializers.ChoiceField(choices=["same", "manual", "ecb"], allow_null=True)  # type: ignore[assignment]
    missing = serializers.CharField(allow_null=True)


class OtherCurrencySerializer(serializers.Serializer[Any]):
    """What rows in a currency that is not the account's come to."""

    currency = serializers.CharField()
    amount = serializers.CharField()
    n_transactions = serializers.IntegerField()
    in_base = WorthSerializer()


class BalanceSerializer(serializers.Serializer[Any]):
    """What lies in an account, in its own currency."""

    account = serializers.IntegerField()
    account_name = serializers.CharField()
    is_active = serializers.BooleanField()
    currency = serializers.CharField()
    opening_balance = serializers.CharField()
    balance = serializers.CharField()
    n_transactions = serializers.IntegerField()
    in_base = WorthSerializer()
    other_currencies = OtherCurrencySerializer(many=True)


class GrandTotalSerializer(serializers.Serializer[Any]):
    """The sum of all `in_base` that have an amount, at the rates of `date`; `missing` says which it lacks."""

    currency = serializers.CharField()
    date = serializers.DateField()
    amount = serializers.CharField()
    is_complete = serializers.BooleanField(help_text="False where a rate is missing, so that the sum lacks something.")
    missing = serializers.ListField(child=serializers.CharField())


class BalancesSerializer(serializers.Serializer[Any]):
    """The balances of all accounts, closed ones included, and what they are worth together."""

    date = serializers.DateField(allow_null=True)
    total = GrandTotalSerializer()
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


def describe_balances(balances: Sequence[Balance], valuation: Valuation, *, on: dt.date | None) -> dict[str, Any]:
    """The body of all balances; `on` as it was asked for."""
    return {
        "date": on,
        "total": {
            "currency": valuation.currency,
            "date": valuation.day,
            "amount": format_amount(valuation.amount, valuation.currency),
            "is_complete": not valuation.missing,
            "missing": [str(missing) for missing in valuation.missing],
        },
        "results": [_describe_balance(balance, valuation) for balance in balances],
    }


def _describe_balance(balance: Balance, valuation: Valuation) -> dict[str, Any]:
    account, (own, *others) = balance.account, parts_of(balance)
    return {
        "account": account.pk,
        "account_name": account.name,
        "is_active": account.is_active,
        "currency": account.currency,
        "opening_balance": format_amount(account.opening_balance, account.currency),
        "balance": format_amount(own.amount, own.currency),
        "n_transactions": balance.moved.n,
        "in_base": _describe_worth(own, valuation),
        "other_currencies": [
            {
                "currency": money.currency,
                "amount": format_amount(money.amount, money.currency),
                "n_transactions": part.n,
                "in_base": _describe_worth(money, valuation),
            }
            for money, part in zip(others, balance.others, strict=True)
        ],
    }


def _describe_worth(money: Money, valuation: Valuation) -> dict[str, Any]:
    worth, currency = valuation.worths[money], valuation.currency
    how = worth.conversion
    return {
        "currency": currency,
        "amount": None if worth.amount is None else format_amount(worth.amount, currency),
        "rate": format_rate(how.rate) if how else None,
        "rate_date": how.rate_date if how else None,
        "source": how.source if how else None,
        "missing": str(worth.missing) if worth.missing else None,
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
