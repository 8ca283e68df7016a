"""The journal's form of a change of a transaction: field → [before, after].

Values are JSON: decimal strings and ISO dates. A reference is [id, name], so that it stays readable when its object is
renamed or gone. Tags are their names.
"""

from typing import Any

from expenses.ledger.money import format_amount
from expenses.models import Transaction

PLAIN_FIELDS = (
    "kind", "direction", "currency", "description", "merchant", "payment_method", "notes", "iban", "mcc", "review",
    "is_excluded_from_budget", "external_id", "category_source", "category_confidence", "review_status",
    "is_kind_stated", "is_split", "decision_id", "held", "raw_description", "match_text", "match_prefix",
)  # fmt: skip
#: Fields that are journaled only beside others.
INCIDENTAL = {"decision_id", "held", "match_text", "match_prefix"}
REFERENCES = ("account", "category", "suggested_category")
#: The order in which changes are listed: PostgreSQL does not keep the order of a JSON object.
ORDER = (*PLAIN_FIELDS, *REFERENCES, "amount", "date", "deleted_at", "transfer", "tags")
#: A change of one of them makes, confirms or takes back a choice of category.
CHOICE_FIELDS = ("category", "review_status")

Snapshot = dict[str, Any]
Fields = dict[str, list[Any]]


def snapshot(row: Transaction) -> Snapshot:
    """Return the values of a row as the journal keeps them. The row comes `with_related()`."""
    taken: Snapshot = {name: getattr(row, name) for name in PLAIN_FIELDS}
    for name in REFERENCES:
        referred = getattr(row, name)
        taken[name] = None if referred is None else [referred.pk, str(referred)]
    taken["amount"] = format_amount(row.amount, row.currency)
    taken["date"] = row.date.isoformat()
    taken["deleted_at"] = row.deleted_at and row.deleted_at.isoformat()
    taken["transfer"] = row.transfer_id
    taken["tags"] = sorted(tag.name for tag in row.tags.all())
    return taken


def differences(before: Snapshot, after: Snapshot) -> Fields:
    """Return field → [before, after] where the two differ. Return none if only incidental fields do."""
    fields = {name: [value, after[name]] for name, value in before.items() if value != after[name]}
    return fields if fields.keys() - INCIDENTAL else {}
