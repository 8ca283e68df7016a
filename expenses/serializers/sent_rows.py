"""Comparison of a transaction as a client sent it with the stored one that has its external id."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount
from expenses.models import CategorizationStatus, Transaction
from expenses.services.edits import held_tag
from providers.interface import EFFECT_FIELDS

#: What a client can change in a stored row. Account and external id are how the row was found.
COMPARED = (
    "kind", "direction", "amount", "currency", "date", "description", "merchant", "category", "tags", "payment_method",
    "notes", "iban", "mcc", "review", "is_excluded_from_budget",
)  # fmt: skip


class DifferenceBody(serializers.Serializer[Any]):
    """A field that was sent with another value than the stored one."""

    field = serializers.CharField()
    stored = serializers.JSONField()
    sent = serializers.JSONField()


def differences_of(
    row: Transaction, sent: Mapping[str, Any], *, parts: Sequence[Transaction] = ()
) -> list[dict[str, Any]]:
    """Return the fields in which a client's valid values differ from the stored row.

    `sent` has only the fields that the client named. `parts` are the stored parts. What is left to machines, as in a
    create, does not differ: see `left_to_machines`.
    """
    left = left_to_machines(row, sent)
    names = [name for name in COMPARED if name in sent and name not in left and not _is_equal(row, name, sent[name])]
    currency = sent.get("currency", row.currency)
    found = [
        {"field": name, "stored": _shown_stored(row, name), "sent": _shown(name, sent[name], currency)}
        for name in names
    ]
    if "parts" in sent and not _are_equal_parts(parts, sent["parts"]):
        fields = list(dict.fromkeys(name for part in sent["parts"] for name in part))
        stored_parts = [{name: _shown_stored(part, name) for name in fields} for part in parts]
        sent_parts = [{name: _shown(name, value, currency) for name, value in part.items()} for part in sent["parts"]]
        found.append({"field": "parts", "stored": stored_parts, "sent": sent_parts})
    return found


def left_to_machines(row: Transaction, sent: Mapping[str, Any]) -> Collection[str]:
    """Return the sent fields that a machine may fill, and that no user has written since.

    These are blank fields, and the text that the row came with.
    """
    left = {
        name
        for name in set(EFFECT_FIELDS) & sent.keys()
        if name not in row.held and (not sent[name] or (name == "description" and sent[name] == row.raw_description))
    }
    is_chosen = row.category_source == "user" or row.review_status == CategorizationStatus.CONFIRMED
    return left | ({"category"} if "category" in sent and sent["category"] is None and not is_chosen else set())


def is_unconfirmed(row: Transaction, sent: Mapping[str, Any]) -> bool:
    """Return True if the client names the category that only a machine has given until now."""
    return sent.get("category") is not None and row.review_status != CategorizationStatus.CONFIRMED


def tags_to_give(row: Transaction, sent: Sequence[str]) -> list[str]:
    """Return the names of the sent tags and of those that machines gave."""
    return [*sent, *(tag.name for tag in row.tags.all() if held_tag(tag.pk) not in row.held)]


def _is_equal(row: Transaction, name: str, value: Any) -> bool:
    if name != "tags":
        return bool(getattr(row, name) == value)
    sent = {tag.casefold() for tag in value}
    stored = {tag.name.casefold(): held_tag(tag.pk) in row.held for tag in row.tags.all()}
    return sent <= stored.keys() and all(name in sent for name, is_held in stored.items() if is_held)


def _are_equal_parts(stored: Sequence[Transaction], sent: Sequence[Mapping[str, Any]]) -> bool:
    return len(stored) == len(sent) and not any(
        differences_of(part, values) for part, values in zip(stored, sent, strict=True)
    )


def _shown_stored(row: Transaction, name: str) -> Any:
    value = [tag.name for tag in row.tags.all()] if name == "tags" else getattr(row, name)
    return _shown(name, value, row.currency)


def _shown(name: str, value: Any, currency: str) -> Any:
    """Return the value as the body of a transaction shows it."""
    match name:
        case "amount":
            return format_amount(value, currency)
        case "category":
            return value and value.pk
        case "date":
            return value.isoformat()
        case "tags":
            return sorted(value)
    return value
