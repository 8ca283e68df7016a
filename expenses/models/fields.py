"""A column for money that is exact on every database."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from expenses.ledger.money import SCALE


def as_stored(amount: Decimal) -> int:
    """The column's integer. Raises ValueError when the amount has more decimal places than the column."""
    scaled = amount.scaleb(SCALE)
    if scaled != (whole := int(scaled)):
        raise ValueError(f"{amount} has more than {SCALE} decimal places.")
    return whole


class ExactDecimalField(models.Field[Decimal | int, Decimal]):
    """A Decimal kept as a 64-bit count of ten-thousandths.

    SQLite has no decimal type and would keep and add up a DecimalField as floating point. It is no IntegerField, whose
    averages Django gives as they are stored: here Sum, Avg, Min and Max are amounts (a Variance is not). A sum is
    exact; an average has as many digits as the database gives.
    """

    description = "Exact decimal"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Decimal | None:
        return None if value is None else Decimal(str(value)).scaleb(-SCALE)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except ArithmeticError:
            raise ValidationError(f"“{value}” is not a decimal number.", code="invalid") from None

    def get_prep_value(self, value: Any) -> int | None:
        """Raises ValueError when the value has more decimal places than the column."""
        value = self.to_python(value)
        return None if value is None else as_stored(value)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms  # noqa: PLC0415 - only the operator's pages need forms

        return models.Field.formfield(self, **{"form_class": forms.DecimalField, **kwargs})
