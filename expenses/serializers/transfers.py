"""What a client may write of a transfer, and how one is shown."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import today_of
from expenses.ledger.money import format_amount, has_minor_units
from expenses.models import DESCRIPTION_LENGTH, Account, Transaction, Transfer
from expenses.serializers.fields import AccountReference, AmountField, DayField, user_of
from expenses.serializers.splits import too_many_places
from expenses.services.drafts import TransactionDraft

EXISTING = ("outgoing", "incoming")
NEW = ("from_account", "to_account", "amount", "amount_to", "date", "description", "notes")


class HalfBody(serializers.Serializer[Transaction]):
    """One of the two transactions."""

    id = serializers.IntegerField()
    account = serializers.IntegerField(source="account_id", allow_null=True)
    amount = serializers.SerializerMethodField()
    currency = serializers.CharField()
    date = serializers.DateField()

    def get_amount(self, row: Transaction) -> str:
        return format_amount(row.amount, row.currency)


class TransferBody(serializers.ModelSerializer[Transfer]):
    """Two transactions that are one movement; a rejected one only says that these two are not."""

    outgoing = HalfBody()
    incoming = HalfBody()

    class Meta:
        model = Transfer
        fields = ["id", "status", "outgoing", "incoming", "version", "created_at"]


@extend_schema_field(OpenApiTypes.INT)
class RowReference(serializers.Field[Transaction, Any, int, Any]):
    """Reads the id of a transaction of the ledger."""

    def to_internal_value(self, data: Any) -> Transaction:
        is_id = isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63
        found: Transaction | None = (
            Transaction.objects.for_user(user_of(self)).with_related().filter(pk=data).first() if is_id else None
        )
        if found is None:
            raise serializers.ValidationError("There is no such transaction.", code="does_not_exist")
        return found


class TransferInput(StrictSerializer):
    """A movement to record, from one account to another, or the ids of two transactions that are one."""

    from_account = AccountReference(required=False)
    to_account = AccountReference(required=False)
    amount = AmountField(required=False)
    amount_to = AmountField(required=False, help_text="What arrives, where the accounts differ in currency.")
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
            _check_halves(attrs["outgoing"], attrs["incoming"])
            return attrs
        _require(attrs, ("from_account", "to_account", "amount"))
        _check_accounts(attrs["from_account"], attrs["to_account"])
        return attrs | {"amount_to": _amount_to(attrs)}

    @staticmethod
    def is_of_existing(attrs: dict[str, Any]) -> bool:
        """Whether it names transactions that are there."""
        return any(name in attrs for name in EXISTING)

    def drafts(self) -> tuple[TransactionDraft, TransactionDraft]:
        """The two halves to record. Call it after `is_valid`."""
        fields = self.validated_data
        source, target = fields["from_account"], fields["to_account"]
        shared: dict[str, Any] = {
            "date": fields.get("date") or today_of(user_of(self)),
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


def _require(attrs: dict[str, Any], names: tuple[str, ...]) -> None:
    missing = {name: [ErrorDetail("This field is required.", code="required")] for name in names if name not in attrs}
    if missing:
        raise serializers.ValidationError(missing)


def _check_accounts(source: Account, target: Account) -> None:
    if source.pk == target.pk:
        raise serializers.ValidationError({"to_account": "Money moves between two accounts."}, code="same_account")


def _amount_to(attrs: dict[str, Any]) -> Decimal:
    """What arrives, where it is checked together with what goes."""
    amount: Decimal = attrs["amount"]
    arriving: Decimal | None = attrs.get("amount_to")
    going_in, coming_in = attrs["from_account"].currency, attrs["to_account"].currency
    if not has_minor_units(amount, going_in):
        raise serializers.ValidationError({"amount": [too_many_places(going_in)]})
    if going_in != coming_in and arriving is None:
        detail = f"Say how much arrives in {coming_in}."
        raise serializers.ValidationError({"amount_to": detail}, code="required")
    if going_in == coming_in and arriving not in {None, amount}:
        detail = "Both accounts have one currency: what arrives is what goes. Record a fee as an expense of its own."
        raise serializers.ValidationError({"amount_to": detail}, code="unequal")
    arriving = arriving or amount
    if not has_minor_units(arriving, coming_in):
        raise serializers.ValidationError({"amount_to": [too_many_places(coming_in)]})
    return arriving


def _check_halves(outgoing: Transaction, incoming: Transaction) -> None:
    """Raises ValidationError where the two cannot be one movement."""
    for name, row, direction in (("outgoing", outgoing, "out"), ("incoming", incoming, "in")):
        if row.direction != direction:
            detail = f"Transaction {row.pk} is money {row.direction}."
            raise serializers.ValidationError({name: detail}, code="wrong_direction")
        if row.account_id is None:
            detail = f"Transaction {row.pk} lies in no account; give it one first."
            raise serializers.ValidationError({name: detail}, code="no_account")
    if outgoing.account_id == incoming.account_id:
        raise serializers.ValidationError({"incoming": "Both lie in the same account."}, code="same_account")
    if outgoing.currency == incoming.currency and outgoing.amount != incoming.amount:
        detail = "The amounts differ; what is between them, such as a fee, is no transfer: record it by itself."
        raise serializers.ValidationError({"incoming": detail}, code="unequal")
