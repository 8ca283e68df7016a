"""The history of a transaction as the API shows it."""

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers

from expenses.models import Change, Transaction
from expenses.services.journal import INCIDENTAL, ORDER

#: Columns that the API calls otherwise.
NAMES = {
    "review_status": "status",
    "category_source": "source",
    "category_confidence": "confidence",
    "suggested_category": "suggestion",
}
#: What the API does not show of a row, or shows as the event's action.
HIDDEN = {"is_kind_stated", "deleted_at", *INCIDENTAL}


class FieldChangeSerializer(serializers.Serializer[Any]):
    """One field; the names are those that the category or account had then."""

    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)
    old_name = serializers.CharField(required=False, allow_null=True)
    new_name = serializers.CharField(required=False, allow_null=True)


class EventSerializer(serializers.Serializer[Any]):
    """One write of the transaction."""

    action = serializers.ChoiceField(choices=["created", "changed", "deleted", "restored"])
    at = serializers.DateTimeField()
    version = serializers.IntegerField(allow_null=True)
    source = serializers.CharField(help_text="user, the link of the chain that answered, or the kind of the run.")  # type: ignore[assignment]
    username = serializers.CharField(allow_null=True)
    run = serializers.IntegerField(allow_null=True)
    fields = FieldChangeSerializer(many=True)  # type: ignore[assignment]


class HistorySerializer(serializers.Serializer[Any]):
    """Everything that became of a transaction, the newest first; the last entry is its creation."""

    results = EventSerializer(many=True)


def describe_history(row: Transaction) -> dict[str, Any]:
    """The body of `history/`; the row comes `with_related()`."""
    return {"results": list(_events(row))}


def _events(row: Transaction) -> Iterator[dict[str, Any]]:
    for change in row.changes.select_related("user").order_by("-id"):
        yield {
            "action": action_of(change),
            "at": change.at,
            "version": change.version,
            "source": change.source,
            "username": change.user.username if change.user else None,
            "run": change.run_id,
            "fields": describe_fields(change),
        }
    created = {"action": "created", "at": row.created_at, "version": None, "username": None, "fields": []}
    yield created | {"source": row.run.kind if row.run else "user", "run": row.run_id}


def describe_fields(change: Change) -> list[dict[str, Any]]:
    """What a change did to each field that the API shows."""
    return [_field(name, *change.fields[name]) for name in ORDER if name in change.fields and name not in HIDDEN]


def action_of(change: Change) -> str:
    """What a change comes to."""
    before, after = change.fields.get("deleted_at", (None, None))
    if after is not None:
        return "deleted"
    return "changed" if before is None else "restored"


def _field(name: str, old: Any, new: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"field": NAMES.get(name, name)}
    if name == "tags" or not any(isinstance(value, list) for value in (old, new)):
        return body | {"old": old, "new": new}
    (old_id, old_name), (new_id, new_name) = old or (None, None), new or (None, None)
    return body | {"old": old_id, "new": new_id, "old_name": old_name, "new_name": new_name}
