"""Rows of a statement, recorded many at once and none twice, without an object for each.

A category that the file names is recorded as its owner's choice, with the source `import`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.categorization.questions import IMPORT_SOURCE
from expenses.ledger.kinds import derive_kind
from expenses.models import Account, Run, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.models.fields import as_stored
from expenses.querysets import searchable
from expenses.services.booking import note_pending
from expenses.services.draft_columns import DraftColumns
from expenses.services.edits import find_or_create_tags, link_tags
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, ledger_write, next_version
from expenses.services.ledger_queue import LEARN_FROM_CHOICES, RESOLVE_PENDING
from expenses.services.recognition import recognize_rows
from expenses.services.runs import advance
from expenses.services.statement_answers import Likeness, StatementAnswers
from providers.interface import matching_text
from providers.merchants.provider import known_name
from providers.normalization import normalize

#: Columns that each row has of its own, in the order in which they are written.
OWN_COLUMNS = ("parent_id", "currency", "amount", "date", "fingerprint", "created_at", "updated_at", "version")
#: Columns that all rows share which look alike to the chain.
SHARED_COLUMNS = tuple(
    str(field.column)
    for field in Transaction._meta.concrete_fields
    if not field.primary_key and field.column not in OWN_COLUMNS
)


def record_statement_rows(
    *, run: Run, account: Account, drafts: DraftColumns, answers: StatementAnswers, shared: Collection[str] = ()
) -> None:
    """Record drafts that have fingerprints, without those whose fingerprint the account has.

    `shared` are parts of movements that several rows of the file have, as `fingerprints.shared_movements` finds them.
    Raises ClaimLost, having written nothing, when the run is not this worker's any more.
    """
    prints = [fingerprint for fingerprint in drafts.fingerprints if fingerprint is not None]
    start, end = min(drafts.dates), max(drafts.dates)
    known = recognize_rows(prints, account=account, start=start, end=end, run=run, shared=shared)
    fresh = drafts.where([fingerprint not in known for fingerprint in drafts.fingerprints]) if known else drafts
    kinds = answers.ask(fresh, account=account)
    with ledger_write(run.ledger_id) as version:
        advance(run, n_rows=len(drafts), n_lasting=len(fresh))
        confirms = _record(run, account, fresh, kinds, answers=answers, version=version) if kinds else False
        answers.note_written(confirms=confirms)


def _record(
    run: Run,
    account: Account,
    drafts: DraftColumns,
    kinds: Sequence[Likeness],
    *,
    answers: StatementAnswers,
    version: int,
) -> bool:
    """Write rows whose kinds are known, with parts and tags; queue what follows. Return True if a row is confirmed."""
    answers.check_version(version)
    _insert(run, account, drafts, kinds, [None] * len(drafts), answers=answers, version=version)
    distinct = list(dict.fromkeys(kinds))
    if any(kind.draft.parts for kind in distinct):
        _record_parts(run, account, drafts, answers=answers, version=version)
    if any(kind.tags for kind in distinct):
        _tag(run, account, zip(drafts.fingerprints, kinds, strict=True), version=version)
    if any(kind.draft.is_pending for kind in distinct):
        note_pending(run, account, [drafts.draft(i) for i, look in enumerate(drafts.looks) if look.is_pending])
    columns = [kind.answer.columns for kind in distinct if kind.answer is not None]
    if any(values["awaits_model"] for values in columns):
        RESOLVE_PENDING.queue(run.ledger_id)
    confirms = any(values["category_source"] == IMPORT_SOURCE for values in columns)
    if confirms:
        LEARN_FROM_CHOICES.queue(run.ledger_id)
    return confirms


def _insert(
    run: Run,
    account: Account,
    drafts: DraftColumns,
    kinds: Sequence[Likeness],
    parents: Sequence[int | None],
    *,
    answers: StatementAnswers,
    version: int,
) -> None:
    """Insert drafts with their kinds and the ids of the rows that they are parts of, each thousand in a version.

    Rows whose fingerprint is known by now are left out.
    """
    for kind in answers.store(kinds):
        kind.values = _shared_values(kind, run=run, account=account)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    stored_amounts = {amount: as_stored(amount) for amount in set(drafts.amounts)}
    stored_days = {day: connection.ops.adapt_datefield_value(day) for day in set(drafts.dates)}
    versions: list[int] = []
    for start in range(0, len(drafts), ROWS_OF_A_VERSION):
        versions += [next_version(run.ledger_id) if start else version] * ROWS_OF_A_VERSION
    columns = zip(
        kinds, parents, drafts.looks, drafts.amounts, drafts.dates, drafts.fingerprints, versions, strict=False
    )
    values = [
        (*kind.values, parent, look.currency, stored_amounts[amount], stored_days[day], fingerprint, now, now, of_row)
        for kind, parent, look, amount, day, fingerprint, of_row in columns
    ]
    insert_ignoring_known(Transaction, [*SHARED_COLUMNS, *OWN_COLUMNS], values)


def _record_parts(run: Run, account: Account, drafts: DraftColumns, *, answers: StatementAnswers, version: int) -> None:
    """Record the parts of split rows that were just recorded; they share what the whole has."""
    split = {drafts.fingerprints[i]: drafts.draft(i) for i, look in enumerate(drafts.looks) if look.parts}
    wholes = Transaction.objects.filter(account=account, run=run, fingerprint__in=split, parts=None).order_by("pk")
    parts = [
        (pk, part) for pk, fingerprint in wholes.values_list("pk", "fingerprint") for part in split[fingerprint].parts
    ]
    columns = DraftColumns.of([part for _, part in parts])
    kinds = answers.ask(columns, account=account)
    _insert(run, account, columns, kinds, [pk for pk, _ in parts], answers=answers, version=version)


def _shared_values(kind: Likeness, *, run: Run, account: Account) -> tuple[Any, ...]:
    """Return the values of SHARED_COLUMNS for rows of a kind whose answer is stored."""
    draft, answer = kind.draft, kind.answer
    if answer is None:
        raise ValueError("The answer about this kind of row is not stored.")
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    merchant = draft.merchant or answer.merchant or known_name(text, draft.direction, account.country.lower())
    texts = {"description": draft.description, "merchant": merchant, "notes": draft.notes, **answer.texts}
    values = {
        "ledger_id": run.ledger_id,
        "account_id": account.pk,
        "payment_method": None,
        "external_id": None,
        "review": None,
        "is_excluded_from_budget": False,
        "held": "[]",
        "is_kind_stated": False,
        "is_touched": False,
        "is_split": bool(draft.parts),
        "deleted_at": None,
        "transfer_id": None,
        "run_id": run.pk,
        "recorded_by_id": None,
        **answer.columns,
        "kind": derive_kind(draft.direction, answer.category_kind),
        "direction": draft.direction,
        "raw_description": draft.description,
        **texts,
        "iban": draft.iban,
        "mcc": draft.mcc,
        "search_text": searchable(raw_description=draft.description, **texts),
        "match_text": text,
        "match_prefix": text[:PREFIX_LENGTH],
    }
    return tuple([values[column] for column in SHARED_COLUMNS])


def _tag(run: Run, account: Account, rows: Iterable[tuple[str | None, Likeness]], *, version: int) -> None:
    """Link the tags of the file and of rules, to parts as well; another worker may have linked some before it died."""
    wanted = {fingerprint: kind.tags for fingerprint, kind in rows if kind.tags}
    names = [name for names in wanted.values() for name in names]
    tags = find_or_create_tags(ledger_id=run.ledger_id, names=names, version=version)
    tagged = Transaction.objects.filter(account=account, run=run, fingerprint__in=wanted).order_by()
    parts = Transaction.objects.filter(parent__in=tagged.filter(is_split=True)).order_by()
    of_rows = [*tagged.values_list("pk", "fingerprint"), *parts.values_list("pk", "parent__fingerprint")]
    link_tags(
        (pk, tag_id)
        for pk, fingerprint in of_rows
        for tag_id in {tags[name.casefold()].pk for name in wanted[fingerprint]}
    )
