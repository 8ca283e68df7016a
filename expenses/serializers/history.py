"""Changes of transactions in the API: the history of one transaction, and the changes of a run."""

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers

from expenses.models import Change, Transaction
from expenses.services.journal import INCIDENTAL, ORDER

#: Fields that the API names differently from the journal.
API_NAMES = {
    "review_status": "status",
    "category_source": "source",
    "category_confidence": "confidence",
    "suggested_category": "suggestion",
}
#: Fields of the journal that the API does not list.
HIDDEN = {"is_kind_stated", "deleted_at", *INCIDENTAL}


class ActionField(serializers.ChoiceField):
    """The action of a change, derived from its fields."""

    def get_attribute(self, instance: Change) -> str:
        if "created_at" in instance.fields:
            return "created"
        before, after = instance.fields.get("deleted_at", (None, None))
        if after is not None:
            return "deleted"
        return "changed" if before is None else "restored"


class FieldChangeList(serializers.ListSerializer[Any]):
    """The changed fields of a change, in the order of the journal."""

    def get_attribute(self, instance: Change) -> list[dict[str, Any]]:
        names = [name for name in ORDER if name in instance.fields and name not in HIDDEN]
        return [_field_change(name, *instance.fields[name]) for name in names]

    def to_representation(self, data: list[dict[str, Any]]) -> list[dict[str, Any]]:  # type: ignore[override]
        return data


class FieldChangeSerializer(serializers.Serializer[Any]):
    """A changed field, with the names that its category or account had at that time."""

    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)
    old_name = serializers.CharField(required=False, allow_null=True)
    new_name = serializers.CharField(required=False, allow_null=True)

    class Meta:
        list_serializer_class = FieldChangeList


def _field_change(name: str, old: Any, new: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"field": API_NAMES.get(name, name)}
    if name == "tags" or not any(isinstance(value, list) for value in (old, new)):
        return body | {"old": old, "new": new}
    (old_id, old_name), (new_id, new_name) = old or (None, None), new or (None, None)
    return body | {"old": old_id, "new": new_id, "old_name": old_name, "new_name": new_name}


class RunChangeSerializer(serializers.Serializer[Change]):
    """A transaction that a run changed, with its changed fields."""

    transaction = serializers.IntegerField(source="transaction_id")
    action = ActionField(choices=["changed", "deleted", "restored"])
    at = serializers.DateTimeField()
    version = serializers.IntegerField()
    fields = FieldChangeSerializer(many=True)  # type: ignore[assignment]


class EventSerializer(serializers.Serializer[Change]):
    """One write of a transaction."""

    action = ActionField(choices=["created", "changed", "deleted", "restored"])
    at = serializers.DateTimeField()
    version = serializers.IntegerField(allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="user, the name of the link that answered, or the kind of the run."
    )
    username = serializers.CharField(allow_null=True, source="user.username")
    run = serializers.IntegerField(allow_null=True, source="run_id")
    fields = FieldChangeSerializer(many=True)  # type: ignore[assignment]


class HistorySerializer(serializers.Serializer[Any]):
    """All events of a transaction, the newest first; the last one is its creation."""

    results = EventSerializer(many=True)


def history_of(row: Transaction) -> Iterator[Change]:
    """Return the changes of a transaction, the newest first, then its creation as an unsaved change."""
    yield from row.changes.select_related("user").order_by("-id")
    run = row.run if row.parent_id is None else None  # a part is made by a user, also where a run brought the whole
    recorder = row.recorded_by or (run.user if run is not None else row.ledger.founder)
    source = run.kind if run is not None else "user"
    created = {"created_at": list[Any]()}
    yield Change(transaction=row, at=row.created_at, source=source, user=recorder, run=run, fields=created)
