"""Accounts in the API: their fields, their balances and their registers."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.ledger.money import format_amount
from expenses.models import Account, Transaction
from expenses.serializers.fields import (
    CountryField,
    CurrencyField,
    DayField,
    DecimalMoneyField,
    IbanField,
    MoneyField,
    RateTextField,
    check_minor_units,
    user_of,
)
from expenses.serializers.rates import AllRatesInput, RatesUsedSerializer
from expenses.serializers.transactions import TransactionBody


class CurrencyBalanceSerializer(serializers.Serializer[Any]):
    """The balance of an account's transactions in one currency."""

    currency = serializers.CharField()
    balance = MoneyField(source="amount")
    n = serializers.IntegerField(help_text="Number of transactions.")


class AccountSerializer(StrictSerializer, serializers.ModelSerializer[Account]):
    """An account; its currency is the default for its transactions."""

    currency = CurrencyField(required=False)
    country = CountryField(
        required=False,
        allow_blank=True,
        help_text="ISO 3166 alpha-2 code; helps to tell apart merchants of the same name.",
    )
    opening_balance = DecimalMoneyField(max_digits=13, decimal_places=4, required=False)
    iban = IbanField(
        required=False, allow_blank=True, help_text="The account's own IBAN. Statements that name it find the account."
    )
    number = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="The bank's own number of the account or card. Statements that name it find the account.",
    )
    other_currencies = CurrencyBalanceSerializer(
        many=True, read_only=True, help_text="Balances of transactions in other currencies than the account's."
    )

    class Meta:
        model = Account
        fields = [
            "id", "name", "type", "currency", "country", "opening_balance", "iban", "number", "is_active",
            "other_currencies", "version", "created_at",
        ]  # fmt: skip
        read_only_fields = ["version"]
        extra_kwargs = {
            "is_active": {"help_text": "False when the account is closed: it accepts no new transactions."},
        }

    def validate_name(self, value: str) -> str:
        others = Account.objects.for_user(user_of(self))
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if value.casefold() in {other.name.casefold() for other in others}:
            raise serializers.ValidationError("Another account has this name.", code="unique")
        return value

    def validate_currency(self, value: str) -> str:
        account = self.instance
        if account is not None and value != account.currency and account.transactions.exists():
            detail = f"“{account}” has transactions, so its currency cannot change; open another account."
            raise serializers.ValidationError(detail, code="in_use")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("currency", user_of(self).base_currency)
        currency = str(attrs.get("currency") or getattr(self.instance, "currency", ""))
        balance = attrs.get("opening_balance", getattr(self.instance, "opening_balance", Decimal(0)))
        check_minor_units(balance, currency, field="opening_balance")
        self._refuse_known_iban(str(attrs.get("iban", getattr(self.instance, "iban", ""))), currency)
        return attrs

    def _refuse_known_iban(self, iban: str, currency: str) -> None:
        """Raise ValidationError if another account has the IBAN in this currency, so that no statement fits two."""
        same = Account.objects.for_user(user_of(self)).filter(iban=iban, currency=currency).exclude(iban="")
        other = same.exclude(pk=getattr(self.instance, "pk", None)).first()
        if other is not None:
            detail = f"“{other}” has this IBAN and is in {currency}, too. Give each account its own IBAN or currency."
            raise serializers.ValidationError({"iban": detail}, code="unique")


class SyncedAccount(AccountSerializer):
    """An account of a copy, without balances, which the copy's transactions add up to."""

    other_currencies = None  # type: ignore[assignment]

    class Meta(AccountSerializer.Meta):
        fields = [name for name in AccountSerializer.Meta.fields if name != "other_currencies"]


class BalancesInput(AllRatesInput):
    """Query parameters of balances."""

    date = DayField(
        required=False, default=None, help_text="Balances at the end of this day; of all transactions unless given."
    )
    currency = CurrencyField(
        required=False,
        default=None,
        help_text="The currency of `in_base` and `total`; your base currency unless given.",
    )


class WorthSerializer(serializers.Serializer[Any]):
    """An amount converted into the requested currency; `missing` explains why there is none."""

    currency = serializers.CharField()
    amount = MoneyField(allow_null=True)
    rate = RateTextField(allow_null=True, source="conversion.rate")
    rate_date = serializers.DateField(allow_null=True, source="conversion.rate_date")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["same", "manual", "ecb"], allow_null=True, source="conversion.source"
    )
    missing = serializers.CharField(allow_null=True)


class OtherCurrencySerializer(serializers.Serializer[Any]):
    """The sum of an account's transactions in a currency other than its own."""

    currency = serializers.CharField()
    amount = MoneyField()
    n_transactions = serializers.IntegerField(source="n")
    in_base = WorthSerializer(source="worth")


class BalanceSerializer(serializers.Serializer[Any]):
    """The balance of an account in its own currency."""

    account = serializers.IntegerField(source="account.pk")
    account_name = serializers.CharField(source="account.name")
    is_active = serializers.BooleanField(source="account.is_active")
    currency = serializers.CharField()
    opening_balance = MoneyField(source="account.opening_balance")
    balance = MoneyField(source="amount")
    n_transactions = serializers.IntegerField(source="n")
    in_base = WorthSerializer(source="worth")
    other_currencies = OtherCurrencySerializer(many=True, source="others")


class GrandTotalSerializer(serializers.Serializer[Any]):
    """The sum of all known `in_base` amounts at the rates of `date`; `missing` names the missing rates."""

    currency = serializers.CharField()
    date = serializers.DateField(source="day")
    amount = MoneyField()
    is_complete = serializers.BooleanField(help_text="False if a rate is missing, so that the sum is incomplete.")
    missing = serializers.ListField(child=serializers.CharField())


class BalancesSerializer(RatesUsedSerializer):
    """The balances of all accounts, including closed ones, and their total worth."""

    date = serializers.DateField(allow_null=True, source="on")
    total = GrandTotalSerializer(source="*")
    results = BalanceSerializer(many=True, source="balances")


class RegisterInput(HelpfulSerializer):
    """Query parameters of a register."""

    start = DayField(required=False, default=None)
    end = DayField(required=False, default=None)
    currency = CurrencyField(
        required=False, default=None, help_text="Selects transactions in another currency than the account's."
    )
    ordering = serializers.ChoiceField(choices=["date", "-date"], default="-date")


class RegisterRow(TransactionBody):
    """A transaction and the account's balance after it; the context holds the balances by row id."""

    signed_amount = serializers.CharField(help_text="Negative for money out.")
    balance = serializers.CharField(
        help_text="The opening balance plus all transactions up to this one, by date and id."
    )

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        signed = instance.amount if instance.direction == "in" else -instance.amount
        return {
            **super().to_representation(instance),
            "signed_amount": format_amount(signed, instance.currency),
            "balance": format_amount(self.context["balances"][instance.pk], instance.currency),
        }
