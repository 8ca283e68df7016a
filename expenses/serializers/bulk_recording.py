"""Requests that record many transactions. Rows with known external ids are compared, and changed on request."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import serializers

from accounts.models import User
from accounts.strict_serializer import StrictSerializer
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.fields import AccountReference
from expenses.serializers.sent_rows import (
    DifferenceBody,
    differences_of,
    is_unconfirmed,
    left_to_machines,
    tags_to_give,
)
from expenses.serializers.transaction_input import TransactionInput
from expenses.serializers.transactions import TransactionBody, describe_transaction
from expenses.services.ledger_lock import Refusal, next_version
from expenses.services.split_parts import parts_of
from expenses.services.transactions import RowEdit, edit_transactions, known_rows, record_transactions

MAX_ROWS = 1000
#: Rows of one account and external id take their turns one by one, under the ledger's lock.
MAX_TURNS = 5


@extend_schema_field(TransactionInput(many=True))
class RowsField(serializers.ListField):
    """The rows of a request as they were sent, since each is checked by itself."""

    default_error_messages = {"max_length": "%(show_value)d rows are too many; send at most {max_length} at a time."}


class BulkInput(StrictSerializer):
    """Up to 1,000 transactions."""

    transactions = RowsField(max_length=MAX_ROWS)
    on_conflict = serializers.ChoiceField(
        choices=["skip", "update"],
        default="skip",
        help_text="Whether rows with a known `external_id` stay as they are, or take over the fields that are sent.",
    )


class RowIdentity(serializers.Serializer[Any]):
    """The fields by which a row of the request meets a stored one."""

    account = AccountReference(required=False, allow_null=True)
    external_id = serializers.CharField(max_length=200)


class BulkRow(TransactionInput):
    """A row of the request, which its `external_id` names instead of an `id`."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "id" in data:
            detail = "A row is found by its `external_id`; leave `id` out, or PATCH the transaction of this id."
            raise serializers.ValidationError({"id": detail}, code="not_an_identity")
        return super().to_internal_value(data)

    def _check_parts(self, attrs: dict[str, Any]) -> None:
        if self.instance is None:  # else they are compared with the stored parts
            super()._check_parts(attrs)

    def named(self) -> dict[str, Any]:
        """Return the valid values of the fields that the client named."""
        named = {name: value for name, value in self.validated_data.items() if name in self.initial_data}
        if "parts" in named:
            sent = self.initial_data["parts"]
            pairs = zip(named["parts"], sent, strict=True)
            named["parts"] = [{name: part[name] for name in part if name in raw} for part, raw in pairs]
        return named


class BulkFieldError(serializers.Serializer[Any]):
    """An invalid field of a row."""

    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkError(serializers.Serializer[Any]):
    """The errors of the row at `index`, counted from 0."""

    index = serializers.IntegerField()
    errors = BulkFieldError(many=True)  # type: ignore[assignment]


class DuplicateBody(TransactionBody):
    """A stored transaction, and the fields in which the sent row differs from it."""

    differences = DifferenceBody(many=True)


class BulkAnswer(serializers.Serializer[Any]):
    """The rows that were recorded, changed, or known already, and the errors. Each sent row is in one of the lists."""

    created = TransactionBody(many=True)
    updated = TransactionBody(many=True)
    duplicates = DuplicateBody(many=True)
    errors = BulkError(many=True)  # type: ignore[assignment]


_Identity = tuple[int | None, str]


def record_bulk(*, by: User, rows: Sequence[Any], on_conflict: str, context: dict[str, Any]) -> dict[str, Any]:
    """Record the new rows, and return the body of the response. Wrong rows do not stop the others.

    With `on_conflict` "update", known rows take over the fields that their sent rows name. Then the caller holds the
    ledger's lock.
    """
    bulk = _Bulk(by=by, rows=rows, context=context)
    if on_conflict == "update":
        bulk.record_or_edit()
    else:
        bulk.record(range(len(rows)))
    return bulk.answer()


@dataclass(frozen=True, slots=True)
class _Place:
    """The list of the answer that a sent row belongs to, and its stored row."""

    list: str
    row: int
    differences: Sequence[dict[str, Any]] = ()


@dataclass
class _Bulk:
    """The rows of a request, and what became of each by its index."""

    by: User
    rows: Sequence[Any]
    context: dict[str, Any]
    stored: dict[int, Transaction] = field(default_factory=dict)
    places: dict[int, _Place] = field(default_factory=dict)
    errors: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def record_or_edit(self) -> None:
        """Take rows of one external id in turn: the second meets what the first has made. Others go together."""
        identities = [self._identity(data) for data in self.rows]
        found = known_rows(ledger_id=ledger_id_of(self.by), external_ids=[pair[1] for pair in identities if pair])
        known = {identity: row.pk for identity, row in found.items() if identity is not None}
        self.stored |= {row.pk: row for row in found.values()}
        for turn in self._turns(identities):
            self.edit({i: known[pair] for i, pair in turn.items() if pair in known})
            self.record([i for i, pair in turn.items() if pair not in known])
            known |= {pair: self.places[i].row for i, pair in turn.items() if pair is not None and i in self.places}

    def record(self, indexes: Sequence[int]) -> None:
        """Record valid rows, unless their external ids are known. Then read all rows so far again."""
        bodies = {index: BulkRow(data=self.rows[index], context=self.context) for index in indexes}
        right = {index: body for index, body in bodies.items() if self._is_valid(index, body)}
        recorded = record_transactions(
            by=self.by,
            drafts=[body.draft() for body in right.values()],
            catalog=self.context["catalog"],
        )
        self.stored |= {one.transaction.pk: one.transaction for one in recorded}
        # A write of one row may change another, as in transfers. A row that is gone meanwhile stays as it was.
        self.stored |= Transaction.objects.with_related().in_bulk(self.stored)
        pairs = {
            index: (self.stored[one.transaction.pk], body)
            for (index, body), one in zip(right.items(), recorded, strict=True)
            if not one.is_new
        }
        differences = self._differences(pairs)
        for index, one in zip(right, recorded, strict=True):
            name = "created" if one.is_new else "duplicates"
            self.places[index] = _Place(name, one.transaction.pk, differences.get(index, ()))

    def edit(self, ids: dict[int, int]) -> None:
        """Give stored rows, by the index of what was sent, the fields that were sent."""
        bodies = {
            index: BulkRow(self.stored[pk], data=self.rows[index], partial=True, context=self.context)
            for index, pk in ids.items()
        }
        right = {
            index: (self.stored[ids[index]], body) for index, body in bodies.items() if self._is_valid(index, body)
        }
        edits: dict[int, RowEdit] = {}
        for index, differences in self._differences(right).items():
            row, body = right[index]
            sent = body.named()
            if not differences and not is_unconfirmed(row, sent):
                self.places[index] = _Place("duplicates", row.pk)
            elif any(difference["field"] == "parts" for difference in differences):
                self._refuse(index, attr="parts", code="use_split", detail="Change the parts at split/.")
            else:
                left = left_to_machines(row, sent)
                changes = {name: value for name, value in body.changes().items() if name not in left}
                edits[index] = RowEdit(row, changes, tags_to_give(row, sent["tags"]) if "tags" in sent else None)
        if not edits:
            return
        version = next_version(ledger_id_of(self.by))
        edited = edit_transactions(list(edits.values()), by=self.by, version=version)
        for index, edit in edits.items():
            outcome = edited[edit.row.pk]
            if isinstance(outcome, Refusal):
                self._refuse(index, attr=None, code=outcome.code, detail=str(outcome))
            else:
                self.places[index] = _Place("updated", outcome.pk)

    def answer(self) -> dict[str, Any]:
        """Return the body of the response. It shows each row as the last turn left it."""
        body: dict[str, list[Any]] = {"created": [], "updated": [], "duplicates": [], "errors": []}
        for _, place in sorted(self.places.items()):
            shown = describe_transaction(self.stored[place.row])
            is_known = place.list == "duplicates"
            body[place.list].append(shown | ({"differences": list(place.differences)} if is_known else {}))
        body["errors"] = [{"index": index, "errors": errors} for index, errors in sorted(self.errors.items())]
        return body

    def _turns(self, identities: Sequence[_Identity | None]) -> list[dict[int, _Identity | None]]:
        """Return the identities by index, of which no two in a turn are equal. Refuse rows beyond the last turn."""
        turns: list[dict[int, _Identity | None]] = [{} for _ in range(MAX_TURNS)]
        counts: Counter[_Identity] = Counter()
        for index, pair in enumerate(identities):
            turn = 0 if pair is None else counts[pair]
            if turn < MAX_TURNS:
                turns[turn][index] = pair
            else:
                detail = f"{MAX_TURNS} rows before it have this `external_id`; send this one in another request."
                self._refuse(index, attr="external_id", code="repeated_too_often", detail=detail)
            if pair is not None:
                counts[pair] += 1
        return [turn for turn in turns if turn]

    def _identity(self, data: Any) -> _Identity | None:
        """Return account and external id; None if one of them is missing or invalid, which its recording names."""
        identity = RowIdentity(data=data, context=self.context)
        if not isinstance(data, dict) or data.get("external_id") is None or not identity.is_valid():
            return None
        account = identity.validated_data.get("account")
        return account and account.pk, identity.validated_data["external_id"]

    def _is_valid(self, index: int, body: BulkRow) -> bool:
        if body.is_valid():
            return True
        for error in flatten_errors(cast("dict[str, Any]", body.errors)):
            attr = None if error.attr == "non_field_errors" else error.attr
            self._refuse(index, attr=attr, code=error.code, detail=error.detail)
        return False

    def _refuse(self, index: int, *, attr: str | None, code: str, detail: str) -> None:
        self.errors.setdefault(index, []).append({"attr": attr, "code": code, "detail": detail})

    def _differences(self, pairs: dict[int, tuple[Transaction, BulkRow]]) -> dict[int, list[dict[str, Any]]]:
        """Compare stored rows with what was sent, by its index. It takes one query for the parts of all."""
        parts: dict[int, list[Transaction]] = {}
        for part in parts_of({row.pk: row for row, body in pairs.values() if "parts" in body.initial_data}.values()):
            parts.setdefault(cast("int", part.parent_id), []).append(part)
        return {
            index: differences_of(row, body.named(), parts=parts.get(row.pk, ()))
            for index, (row, body) in pairs.items()
        }
