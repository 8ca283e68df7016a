"""Rows of a statement, recorded many at once and none twice, without an object for each.

A category that the file names is recorded as its owner's choice, with the source `import`.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.categorization.questions import (
    IMPORT_SOURCE,
    Categorization,
    ask_chain,
    attempts_as_json,
    categorization_of,
    decision_fields,
    given_categorization,
)
from expenses.garbage_collection import collection_paused
from expenses.ledger.kinds import derive_kind
from expenses.models import Account, Decision, Run, Transaction
from expenses.models.bulk_insert import insert_ignoring_known, insert_returning_ids
from expenses.models.fields import as_stored
from expenses.models.transactions import TransactionDraft
from expenses.querysets import searchable
from expenses.services.edits import find_or_create_tags, link_tags
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, ledger_write, next_version
from expenses.services.ledger_queue import LEARN_FROM_CHOICES, RESOLVE_PENDING
from expenses.services.recognition import recognize_rows
from expenses.services.runs import advance
from providers.chain import Verdict
from providers.interface import matching_text
from providers.merchants.provider import known_name
from providers.normalization import normalize

COLUMNS = [str(field.column) for field in Transaction._meta.concrete_fields if not field.primary_key]
DECISION_COLUMNS = [
    "ledger_id", "source", "source_id", "category_name", "confidence", "evidence", "explanation", "attempts",
    "created_at",
]  # fmt: skip
#: Texts of a row that a verdict may write and a search looks at.
TEXTS = ("merchant", "description", "notes")


@collection_paused()
def record_statement_rows(*, run: Run, account: Account, drafts: Sequence[TransactionDraft], catalog: Catalog) -> None:
    """Record drafts that have fingerprints, without those whose fingerprint the account has.

    Raises ClaimLost, having written nothing, when the run is not this worker's any more.
    """
    days = [draft.date for draft in drafts]
    prints = [draft.fingerprint for draft in drafts if draft.fingerprint is not None]
    known = recognize_rows(prints, account=account, start=min(days), end=max(days), run=run) if days else {}
    fresh = [draft for draft in drafts if draft.fingerprint not in known]
    verdicts = ask_chain(fresh, catalog=catalog, trigger="import")
    with ledger_write(run.ledger_id) as version:
        advance(run, n_rows=len(drafts), n_lasting=len(fresh))
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        common = {
            "ledger_id": run.ledger_id,
            "account_id": account.pk,
            "payment_method": None,
            "external_id": None,
            "review": None,
            "is_excluded_from_budget": False,
            "held": "[]",
            "is_kind_stated": False,
            "is_touched": False,
            "is_split": False,
            "deleted_at": None,
            "parent_id": None,
            "transfer_id": None,
            "run_id": run.pk,
            "recorded_by_id": None,
            "created_at": now,
            "updated_at": now,
        }
        answered = _answered(fresh, verdicts, ledger_id=run.ledger_id, catalog=catalog)
        _insert([common | answer.columns | _values(draft, answer) for draft, answer in answered], version=version)
        _record_parts(run, account, answered, common, catalog=catalog, version=version)
        _tag(run, account, answered, version=version)
        if any(answer.columns.get("awaits_model") for _, answer in answered):
            RESOLVE_PENDING.queue(run.ledger_id)
        if any(answer.columns.get("category_source") == IMPORT_SOURCE for _, answer in answered):
            LEARN_FROM_CHOICES.queue(run.ledger_id)


def _insert(rows: Sequence[dict[str, Any]], *, version: int) -> None:
    """Insert rows without those whose fingerprint is known by now, each thousand in a version of its own."""
    of_rows = version
    for i, row in enumerate(rows):
        if i and i % ROWS_OF_A_VERSION == 0:
            of_rows = next_version(row["ledger_id"])
        row["version"] = of_rows
    insert_ignoring_known(Transaction, COLUMNS, [[row[column] for column in COLUMNS] for row in rows])


def _record_parts(
    run: Run,
    account: Account,
    answered: "Sequence[tuple[TransactionDraft, _Answer]]",
    common: dict[str, Any],
    *,
    catalog: Catalog,
    version: int,
) -> None:
    """Record the parts of split rows that were just recorded; they share what the whole has."""
    split = {draft.fingerprint: draft for draft, _ in answered if draft.parts}
    if not split:
        return
    wholes = Transaction.objects.filter(account=account, run=run, fingerprint__in=split, parts=None).order_by("pk")
    parts = [
        (pk, part) for pk, fingerprint in wholes.values_list("pk", "fingerprint") for part in split[fingerprint].parts
    ]
    drafts = [part for _, part in parts]
    verdicts = ask_chain(drafts, catalog=catalog, trigger="import")
    answers = _answered(drafts, verdicts, ledger_id=run.ledger_id, catalog=catalog)
    rows = [
        common | answer.columns | _values(draft, answer) | {"parent_id": pk}
        for (pk, _), (draft, answer) in zip(parts, answers, strict=True)
    ]
    _insert(rows, version=version)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Values that rows with one verdict share."""

    columns: dict[str, Any]
    category_kind: str | None
    merchant: str
    texts: dict[str, str]
    tags: tuple[str, ...]


def _answered(
    drafts: Sequence[TransactionDraft], verdicts: Sequence[Verdict], *, ledger_id: int, catalog: Catalog
) -> list[tuple[TransactionDraft, _Answer]]:
    """Return each draft with the chain's answer, or with what the file says."""
    asked = [verdict for draft, verdict in zip(drafts, verdicts, strict=True) if draft.is_for_chain]
    answers = _store_answers(asked, ledger_id=ledger_id, catalog=catalog)
    return [
        (draft, answers[id(verdict)] if draft.is_for_chain else _given_answer(draft, catalog))
        for draft, verdict in zip(drafts, verdicts, strict=True)
    ]


def _store_answers(verdicts: Sequence[Verdict], *, ledger_id: int, catalog: Catalog) -> dict[int, _Answer]:
    """Store a decision for each distinct verdict, and return answers by the verdict's id()."""
    distinct = {id(verdict): verdict for verdict in verdicts}
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    texts_of_attempts: dict[int, str] = {}  # verdicts share attempts
    rows = []
    for verdict in distinct.values():
        for attempt in verdict.attempts:
            if id(attempt) not in texts_of_attempts:
                texts_of_attempts[id(attempt)] = json.dumps(attempts_as_json([attempt], catalog=catalog)[0])
        attempts = f"[{', '.join(texts_of_attempts[id(attempt)] for attempt in verdict.attempts)}]"
        fields = decision_fields(verdict, catalog=catalog)
        fields |= {"ledger_id": ledger_id, "attempts": attempts, "created_at": now}
        rows.append([fields[column] for column in DECISION_COLUMNS])
    ids = insert_returning_ids(Decision, DECISION_COLUMNS, rows)
    return {i: _answer(verdict, pk, catalog) for (i, verdict), pk in zip(distinct.items(), ids, strict=True)}


def _answer(verdict: Verdict, decision_id: int, catalog: Catalog) -> _Answer:
    effects = verdict.effects
    fields: dict[str, Any] = dict(effects.fields)
    texts = {name: fields.pop(name) for name in TEXTS if name in fields}
    columns = fields | _columns(categorization_of(verdict)) | {"decision_id": decision_id}
    return _Answer(columns, _kind_of(columns["category_id"], catalog), effects.merchant, texts, effects.tags)


def _given_answer(draft: TransactionDraft, catalog: Catalog) -> _Answer:
    """Return the answer of a file that names a category or parts."""
    columns = _columns(given_categorization(draft.category)) | {"decision_id": None, "is_split": bool(draft.parts)}
    return _Answer(columns, _kind_of(columns["category_id"], catalog), "", {}, ())


def _columns(answer: Categorization) -> dict[str, Any]:
    return {
        "category_id": answer.category,
        "category_source": answer.source,
        "category_confidence": answer.confidence,
        "review_status": str(answer.status),
        "awaits_model": answer.awaits_model,
        "suggested_category_id": answer.suggested_category,
    }


def _kind_of(category: int | None, catalog: Catalog) -> str | None:
    found = catalog.categories.get(category) if category is not None else None
    return found.kind if found else None


def _values(draft: TransactionDraft, answer: _Answer) -> dict[str, Any]:
    """Return the columns that are a row's own."""
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    country = draft.account.country.lower() if draft.account else ""
    merchant = draft.merchant or answer.merchant or known_name(text, draft.direction, country)
    texts = {"description": draft.description, "merchant": merchant, "notes": draft.notes, **answer.texts}
    return {
        "kind": derive_kind(draft.direction, answer.category_kind),
        "direction": draft.direction,
        "amount": as_stored(draft.amount),
        "currency": draft.currency,
        "date": _stored_day(draft.date),
        "raw_description": draft.description,
        **texts,
        "iban": draft.iban,
        "mcc": draft.mcc,
        "search_text": searchable(raw_description=draft.description, **texts),
        "fingerprint": draft.fingerprint,
        "match_text": text,
        "match_prefix": text[:PREFIX_LENGTH],
    }


@lru_cache(maxsize=4096)
def _stored_day(day: dt.date) -> Any:
    return connection.ops.adapt_datefield_value(day)


def _tag(run: Run, account: Account, answered: Sequence[tuple[TransactionDraft, _Answer]], *, version: int) -> None:
    """Link the tags of the file and of rules, to parts as well; another worker may have linked some before it died."""
    wanted = {draft.fingerprint: (*draft.tags, *answer.tags) for draft, answer in answered if draft.tags or answer.tags}
    if not wanted:
        return
    names = [name for names in wanted.values() for name in names]
    tags = find_or_create_tags(ledger_id=run.ledger_id, names=names, version=version)
    rows = Transaction.objects.filter(account=account, run=run, fingerprint__in=wanted).order_by()
    parts = Transaction.objects.filter(parent__in=rows.filter(is_split=True)).order_by()
    of_rows = [*rows.values_list("pk", "fingerprint"), *parts.values_list("pk", "parent__fingerprint")]
    link_tags(
        (pk, tag_id)
        for pk, fingerprint in of_rows
        for tag_id in {tags[name.casefold()].pk for name in wanted[fingerprint]}
    )
