"""How balances and registers of accounts are asked for and shown."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import Money, format_amount, has_minor_units, minor_units
from expenses.models import Account, Transaction
from expenses.reports.balances import Balance, Valuation, parts_of, running_balances
from expenses.serializers.fields import BalanceField, CurrencyField, DayField, format_rate, user_of
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


class AccountSerializer(StrictSerializer, serializers.ModelSerializer[Account]):
    """An account; its currency is the default of what is recorded in it."""

    currency = CurrencyField(required=False)
    opening_balance = BalanceField(required=False)

    class Meta:
        model = Account
        fields = ["id", "name", "type", "currency", "country", "opening_balance", "is_active", "version", "created_at"]
        read_only_fields = ["version"]
        extra_kwargs = {
            "country": {"help_text": "ISO 3166 alpha-2; helps to tell merchants of one name apart."},
            "is_active": {"help_text": "False once it is closed: nothing new is recorded in it."},
        }

    def validate_name(self, value: str) -> str:
        others = Account.objects.for_user(user_of(self))
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if value.casefold() in {other.name.casefold() for other in others}:
            raise serializers.ValidationError("Another account has this name.", code="unique")
        return value

    def validate_currency(self, value: str) -> str:
        """What lies in it would be counted in a currency that it is not in."""
        account = self.instance
        if account is not None and value != account.currency and account.transactions.exists():
            detail = f"Transactions lie in “{account}”, so its currency stays; open another account."
            raise serializers.ValidationError(detail, code="in_use")
        return value

    def validate_country(self, value: str) -> str:
        if value and not (len(value) == 2 and value.isascii() and value.isalpha()):
            raise serializers.ValidationError("Give a two-letter country code, such as DE.", code="invalid")
        return value.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("currency", user_of(self).base_currency)
        currency = str(attrs.get("currency") or getattr(self.instance, "currency", ""))
        balance = attrs.get("opening_balance", getattr(self.instance, "opening_balance", Decimal(0)))
        if not has_minor_units(balance, currency):
            detail = f"{currency} has {minor_units(currency)} decimal places."
            raise serializers.ValidationError({"opening_balance": detail}, code="too_many_places")
        return attrs

    def to_representation(self, instance: Account) -> dict[str, Any]:
        body = super().to_representation(instance)
        return {**body, "opening_balance": format_amount(instance.opening_balance, instance.currency)}
