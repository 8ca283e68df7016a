"""Recording many transactions in one request."""

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import serializers

from accounts.models import User
from expenses.bodies import TransactionBody, describe_transaction
from expenses.inputs import TransactionInput
from expenses.membership import ledger_id_of
from expenses.services.transactions import record_transactions

MAX_ROWS = 1000


class BulkInput(serializers.Serializer[Any]):
    """Up to 1,000 transactions."""

    transactions = TransactionInput(many=True)

    @staticmethod
    def rows_of(data: Any) -> list[Any]:
        """The rows, unchecked. Raises ValidationError when there is no list, or too long a one."""
        rows = data.get("transactions") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise serializers.ValidationError({"transactions": "Give a list of transactions."}, code="not_a_list")
        if len(rows) > MAX_ROWS:
            detail = f"{len(rows)} transactions are too many; send at most {MAX_ROWS} at a time."
            raise serializers.ValidationError({"transactions": detail}, code="max_length")
        return rows


class BulkFieldError(serializers.Serializer[Any]):
    """One wrong field of one row."""

    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkError(serializers.Serializer[Any]):
    """What is wrong with the row at `index`, counted from 0."""

    index = serializers.IntegerField()
    errors = BulkFieldError(many=True)  # type: ignore[assignment]


class BulkAnswer(serializers.Serializer[Any]):
    """What became of the rows."""

    created = TransactionBody(many=True)
    updated = TransactionBody(many=True)
    duplicates = TransactionBody(many=True)
    errors = BulkError(many=True)  # type: ignore[assignment]


def record_bulk(*, by: User, rows: Sequence[Any], context: dict[str, Any]) -> dict[str, Any]:
    """Record the rows that are right, and name what is wrong with the others. The body of the answer."""
    inputs = [TransactionInput(data=row, context=context) for row in rows]
    right = [body for body in inputs if body.is_valid()]
    recorded = record_transactions(
        ledger_id=ledger_id_of(by), drafts=[body.draft() for body in right], catalog=context["catalog"]
    )
    prefetch_related_objects([r.transaction for r in recorded], "tags")
    return {
        "created": [describe_transaction(r.transaction) for r in recorded if r.is_new],
        "updated": [],
        "duplicates": [describe_transaction(r.transaction) for r in recorded if not r.is_new],
        "errors": [
            {"index": i, "errors": [_error(e) for e in flatten_errors(body.errors)]}
            for i, body in enumerate(inputs)
            if body.errors
        ],
    }


def _error(error: Any) -> dict[str, Any]:
    attr = None if error.attr == "non_field_errors" else error.attr
    return {"attr": attr, "code": error.code, "detail": error.detail}
