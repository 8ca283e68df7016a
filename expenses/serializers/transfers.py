"""Transfers in the API: their body and the input that records or pairs them."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.strict_serializer import MISSING, StrictSerializer
from expenses.models import DESCRIPTION_LENGTH, Transaction, Transfer
from expenses.models.transactions import TransactionDraft
from expenses.serializers.fields import AccountReference, AmountField, DayField, MoneyField, check_minor_units, user_of

EXISTING = ("outgoing", "incoming")
NEW = ("from_account", "to_account", "amount", "amount_to", "date", "description", "notes")


class HalfBody(serializers.Serializer[Transaction]):
    """One of the two transactions of a transfer."""

    id = serializers.IntegerField()
    account = serializers.IntegerField(source="account_id", allow_null=True)
    amount = MoneyField(read_only=True)
    currency = serializers.CharField()
    date = serializers.DateField()


class TransferBody(serializers.ModelSerializer[Transfer]):
    """Two transactions that are one movement; a rejected transfer records that they are not."""

    outgoing = HalfBody()
    incoming = HalfBody()

    class Meta:
        model = Transfer
        fields = ["id", "status", "outgoing", "incoming", "version", "created_at"]


@extend_schema_field(OpenApiTypes.INT)
class RowReference(serializers.Field[Transaction, Any, int, Any]):
    """A transaction of the ledger by id."""

    def to_internal_value(self, data: Any) -> Transaction:
        is_id = isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63
        found: Transaction | None = (
            Transaction.objects.for_user(user_of(self)).with_related().filter(pk=data).first() if is_id else None
        )
        if found is None:
            raise serializers.ValidationError("There is no such transaction.", code="does_not_exist")
        return found


class TransferInput(StrictSerializer):
    """A movement between two accounts to record, or the ids of two transactions to pair."""

    from_account = AccountReference(required=False)
    to_account = AccountReference(required=False)
    amount = AmountField(required=False)
    amount_to = AmountField(required=False, help_text="The amount that arrives, if the currencies differ.")
    date = DayField(required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    notes = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    outgoing = RowReference(required=False)
    incoming = RowReference(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.is_of_existing(attrs):
            _require(attrs, EXISTING)
            if mixed := [name for name in NEW if name in attrs]:
                detail = "Give two transactions, or what is to be recorded, but not both."
                raise serializers.ValidationError({mixed[0]: detail}, code="mixed")
            self._check_halves(attrs["outgoing"], attrs["incoming"])
            return attrs
        _require(attrs, ("from_account", "to_account", "amount"))
        if attrs["from_account"].pk == attrs["to_account"].pk:
            detail = "Money moves between two accounts."
            raise serializers.ValidationError({"to_account": detail}, code="same_account")
        return attrs | {"amount_to": self._amount_to(attrs)}

    @staticmethod
    def is_of_existing(attrs: dict[str, Any]) -> bool:
        """Return True if the input names existing transactions."""
        return any(name in attrs for name in EXISTING)

    def drafts(self) -> tuple[TransactionDraft, TransactionDraft]:
        """Return the two halves to record. Call it after `is_valid`."""
        fields = self.validated_data
        source, target = fields["from_account"], fields["to_account"]
        shared: dict[str, Any] = {
            "date": fields.get("date") or user_of(self).today(),
            "description": fields.get("description") or f"{source} → {target}"[:DESCRIPTION_LENGTH],
            "notes": fields.get("notes", ""),
            "category": self.context["catalog"].transfers,
        }
        return (
            TransactionDraft(
                account=source, currency=source.currency, amount=fields["amount"], direction="out", **shared
            ),
            TransactionDraft(
                account=target, currency=target.currency, amount=fields["amount_to"], direction="in", **shared
            ),
        )

    @staticmethod
    def _amount_to(attrs: dict[str, Any]) -> Decimal:
        """Return the amount that arrives. Raises ValidationError if it does not fit the amount that leaves."""
        amount: Decimal = attrs["amount"]
        arriving: Decimal | None = attrs.get("amount_to")
        source, target = attrs["from_account"].currency, attrs["to_account"].currency
        check_minor_units(amount, source)
        if source != target and arriving is None:
            detail = f"Give the amount that arrives in {target}."
            raise serializers.ValidationError({"amount_to": detail}, code="required")
        if source == target and arriving not in {None, amount}:
            detail = "Both accounts have the same currency, so the amounts are equal. Record a fee as an expense."
            raise serializers.ValidationError({"amount_to": detail}, code="unequal")
        arriving = arriving or amount
        check_minor_units(arriving, target, field="amount_to")
        return arriving

    @staticmethod
    def _check_halves(outgoing: Transaction, incoming: Transaction) -> None:
        """Raises ValidationError if the two cannot be one movement."""
        for name, row, direction in (("outgoing", outgoing, "out"), ("incoming", incoming, "in")):
            if row.direction != direction:
                detail = f"Transaction {row.pk} is money {row.direction}."
                raise serializers.ValidationError({name: detail}, code="wrong_direction")
            if row.account_id is None:
                detail = f"Transaction {row.pk} has no account; give it one first."
                raise serializers.ValidationError({name: detail}, code="no_account")
        if outgoing.account_id == incoming.account_id:
            detail = "Both transactions are in the same account."
            raise serializers.ValidationError({"incoming": detail}, code="same_account")
        if outgoing.currency == incoming.currency and outgoing.amount != incoming.amount:
            detail = "The amounts differ. Record the difference, such as a fee, as a transaction of its own."
            raise serializers.ValidationError({"incoming": detail}, code="unequal")


def _require(attrs: dict[str, Any], names: tuple[str, ...]) -> None:
    missing = {name: [ErrorDetail(MISSING, code="required")] for name in names if name not in attrs}
    if missing:
        raise serializers.ValidationError(missing)
