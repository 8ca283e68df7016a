"""Amounts in JSON bodies of insights."""

from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount


class FormattedAmount(serializers.CharField):
    """An amount with the decimals of the instance's `currency`."""

    def get_attribute(self, instance: Any) -> str:
        amount: Any = super().get_attribute(instance)
        return format_amount(amount, instance.currency)
