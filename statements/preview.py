"""The rows of an import as they would be recorded; nothing is written."""

from collections.abc import Sequence
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import (
    ask_chain,
    categorization_of,
    explain,
    explain_categorization,
    given_categorization,
)
from expenses.ledger.money import format_amount
from expenses.models import Category
from expenses.models.transactions import TransactionDraft
from expenses.serializers.transactions import IN_FILE, SPLIT, categorization_body
from providers.chain import Verdict
from statements.entries import Entry, Record, known_entries
from statements.importer import RowError
from statements.models import Import
from statements.services.duplicates import find_origins

NOTHING: dict[str, Any] = {
    "reason": None,
    "account": None,
    "account_name": None,
    "date": None,
    "amount": None,
    "currency": None,
    "direction": None,
    "description": "",
    "merchant": "",
    "iban": "",
    "mcc": "",
    "notes": "",
    "tags": [],
    "parts": [],
    "category": None,
    "category_name": None,
    "categorization": None,
    "duplicate_of": None,
    "possible_duplicate_of": None,
    "errors": [],
}


def preview_records(statement: Import, records: Sequence[Record], catalog: Catalog) -> list[dict[str, Any]]:
    """A body for each record, with the category that it would get at once."""
    entries = [record for record in records if isinstance(record, Entry)]
    known, origins = known_entries(entries, of=statement), find_origins(entries, statement)
    drafts = [entry.draft(catalog) for entry in entries]
    verdicts = ask_chain(drafts, catalog=catalog, trigger="import")
    of_entries = zip(entries, drafts, verdicts, strict=True)
    booked, possible = (statement.matches.get(name, {}) for name in ("booked", "possible"))
    bodies = []
    for record in records:
        if isinstance(record, Entry):
            entry, draft, verdict = next(of_entries)
            duplicate_of = known.get((entry.account.pk, entry.fingerprint)) if entry.account else None
            duplicate_of = duplicate_of or origins.get(entry.key) or booked.get(entry.key)
            may_be = possible.get(entry.key) if duplicate_of is None else None
            body = _entry_body(entry, verdict, duplicate_of, catalog) | {"possible_duplicate_of": may_be}
            bodies.append(body | _given_body(draft, catalog))
            continue
        body = NOTHING | {"line": record.line, "raw": list(record.raw)}
        if isinstance(record, RowError):
            errors = [{"attr": record.attr, "code": record.code, "detail": record.detail}]
            bodies.append(body | {"status": "error", "errors": errors})
        else:
            bodies.append(body | {"status": "skipped", "reason": record.reason, "date": record.date})
    return bodies


def _given_body(draft: TransactionDraft, catalog: Catalog) -> dict[str, Any]:
    """Return what the file itself says beside the movement: notes, tags, parts and a category."""
    parts = [
        {
            "amount": format_amount(part.amount, part.currency),
            "category": _id(part.category),
            "category_name": part.category.display_name if part.category else None,
            "notes": part.notes,
        }
        for part in draft.parts
    ]
    body = {"notes": draft.notes, "tags": list(draft.tags), "parts": parts}
    category = draft.category
    if category is None and not parts:
        return body
    standing = given_categorization(category)
    explanation = IN_FILE if category else SPLIT
    return body | {
        "category": _id(category),
        "category_name": category.display_name if category else None,
        "categorization": categorization_body(standing, suggested=None, explanation=explanation),
    }


def _id(category: Category | None) -> int | None:
    """Return the id of a category; None of one that the commit will create."""
    return category.pk if category and category.pk > 0 else None


def _entry_body(entry: Entry, verdict: Verdict, duplicate_of: int | None, catalog: Catalog) -> dict[str, Any]:
    found = categorization_of(verdict)
    category = catalog.categories.get(found.category or 0)
    suggested = catalog.categories.get(found.suggested_category or 0)
    explanation = explain_categorization(found, explain(verdict))
    fields = dict(verdict.effects.fields)
    return NOTHING | {
        "line": entry.row.line,
        "status": "new" if duplicate_of is None else "duplicate",
        "account": entry.account.pk if entry.account else None,
        "account_name": entry.account.name if entry.account else None,
        "date": entry.row.date,
        "amount": format_amount(entry.amount, entry.currency),
        "currency": entry.currency,
        "direction": entry.direction,
        "description": entry.row.description,
        "merchant": fields.get("merchant") or entry.row.merchant or verdict.effects.merchant,
        "iban": entry.row.iban,
        "mcc": entry.row.mcc,
        "category": category.pk if category else None,
        "category_name": category.display_name if category else None,
        "categorization": categorization_body(found, suggested=suggested, explanation=explanation),
        "duplicate_of": duplicate_of,
        "raw": list(entry.row.raw),
    }
