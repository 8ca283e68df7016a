"""What a change of a transaction is written down as: field → [before, after].

Values are JSON: decimal strings, ISO dates; what is named elsewhere is [id, name], so that it stays readable when it is
renamed or gone; tags are their names.
"""

from typing import Any

from expenses.ledger.money import format_amount
from expenses.models import Transaction

PLAIN = (
    "kind",
    "direction",
    "currency",
    "description",
    "merchant",
    "payment_method",
    "notes",
    "iban",
    "mcc",
    "review",
    "is_excluded_from_budget",
    "external_id",
    "category_source",
    "category_confidence",
    "review_status",
    "is_kind_stated",
    "is_split",
    "decision_id",
    "held",
)
#: What is of no interest by itself.
INCIDENTAL = {"decision_id", "held"}
REFERENCES = ("account", "category", "suggested_category")
#: The order in which changes are told: PostgreSQL does not keep that of a JSON object.
ORDER = (*PLAIN, *REFERENCES, "amount", "date", "deleted_at", "transfer", "tags")

Snapshot = dict[str, Any]
Fields = dict[str, list[Any]]


def snapshot(row: Transaction) -> Snapshot:
    """What the journal keeps of a row as it is; the row comes `with_related()`."""
    taken: Snapshot = {name: getattr(row, name) for name in PLAIN}
    taken |= {name: _reference(getattr(row, name)) for name in REFERENCES}
    taken["amount"] = format_amount(row.amount, row.currency)
    taken["date"] = row.date.isoformat()
    taken["deleted_at"] = row.deleted_at and row.deleted_at.isoformat()
    taken["transfer"] = row.transfer_id
    taken["tags"] = sorted(tag.name for tag in row.tags.all())
    return taken


def differences(before: Snapshot, after: Snapshot) -> Fields:
    """Field → [before, after] where the two differ."""
    fields = {name: [value, after[name]] for name, value in before.items() if value != after[name]}
    return fields if fields.keys() - INCIDENTAL else {}


def _reference(row: Any) -> list[Any] | None:
    return None if row is None else [row.pk, str(row)]
