"""Writes of transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import User
from expenses.catalog import Catalog
from expenses.categorization import make_decision, standing_of
from expenses.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.kinds import derive_kind
from expenses.membership import ledger_id_of
from expenses.models import Decision, Status, Tag, Transaction
from expenses.searching import searchable
from expenses.services.drafts import Draft, ask_chain
from expenses.services.editing import Author, editing
from expenses.services.standing import apply_choice, apply_standing, fits, follow_category
from expenses.services.tags import find_or_create_tags
from expenses.services.writing import Refused, ledger_write
from expenses.tasks import queue_resolving
from providers.interface import matching_text
from providers.normalization import normalize
from providers.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row, and whether it is new; an old one has the external id of the draft."""

    transaction: Transaction
    is_new: bool


def record_transaction(*, by: User, draft: Draft, catalog: Catalog) -> Recorded:
    """Record one; the same external id in the same account again gives the first row back."""
    return record_transactions(ledger_id=ledger_id_of(by), drafts=[draft], catalog=catalog)[0]


def record_transactions(
    *,
    ledger_id: int,
    drafts: Sequence[Draft],
    catalog: Catalog,
) -> list[Recorded]:
    """Record many, in one database transaction and a number of queries that does not depend on how many."""
    verdicts = ask_chain(drafts, ledger_id=ledger_id, catalog=catalog)
    with ledger_write(ledger_id) as version:
        known = _known_rows(ledger_id, drafts)
        fresh = [v for draft, v in zip(drafts, verdicts, strict=True) if _identity(draft) not in known]
        decisions = _store_decisions(fresh, ledger_id=ledger_id, catalog=catalog)
        recorded: list[Recorded] = []
        for draft, verdict in zip(drafts, verdicts, strict=True):
            identity = _identity(draft)
            found = known.get(identity) if identity else None
            row = found or _build_row(draft, verdict, catalog=catalog, decision=decisions.get(verdict.identity))
            if identity is not None:
                known[identity] = row
            recorded.append(Recorded(row, is_new=found is None))
        _insert(recorded, ledger_id=ledger_id, version=version)
        _tag(recorded, drafts, verdicts, ledger_id=ledger_id, version=version)
        if any(r.is_new and r.transaction.review_status == Status.PENDING for r in recorded):
            queue_resolving(ledger_id=ledger_id)
    return recorded


def edit_transaction(
    *, by: User, transaction: Transaction, changes: Mapping[str, Any], tags: Sequence[str] | None = None
) -> Transaction:
    """Change fields. A category named here is the user's own choice, which no machine overwrites.

    Raises Refused when another row of the account has the external id or the fingerprint.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        with editing([row], version=version, author=Author.person(by)):
            _apply(row, changes)
            if tags is not None:
                row.tags.set(find_or_create_tags(ledger_id=ledger_id, names=tags, version=version).values())
        return row


def _apply(row: Transaction, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    if {"account", "external_id"} & changes.keys() and _is_there_already(row):
        detail = "Another transaction of that account has the same external id or statement row."
        raise Refused(detail, code="duplicate")
    if "category" in changes:
        apply_choice(row, changes["category"])
    follow_category(row)  # a machine may have given it one after the changes were checked


def confirm_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Say that the machine's answer is right. Raises Refused when there is none."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        with editing([row], version=version, author=Author.answering(by)):
            row.category = row.category or row.suggested_category
            if row.category is None or not fits(row, row.category):
                raise Refused("There is no answer to confirm yet; set a category instead.", code="nothing_to_confirm")
            follow_category(row)
            row.review_status, row.suggested_category = Status.CONFIRMED, None
        return row


def _build_row(draft: Draft, verdict: Verdict, *, catalog: Catalog, decision: Decision | None) -> Transaction:
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    merchant = draft.merchant or verdict.effects.merchant
    row = Transaction(
        account=draft.account,
        kind=draft.kind or derive_kind(draft.direction, None) or "expense",
        direction=draft.direction,
        amount=draft.amount,
        currency=draft.currency,
        date=draft.date,
        raw_description=draft.description,
        description=draft.description,
        merchant=merchant,
        search_text=searchable(
            description=draft.description, raw_description=draft.description, merchant=merchant, notes=draft.notes
        ),
        decision=decision,
        payment_method=draft.payment_method,
        notes=draft.notes,
        external_id=draft.external_id,
        match_text=text,
        match_prefix=text[:PREFIX_LENGTH],
        is_kind_stated=draft.kind is not None,
    )
    if draft.category is not None:
        apply_choice(row, draft.category)
    else:
        apply_standing(row, standing_of(verdict), catalog=catalog)
    return row


def _identity(draft: Draft) -> tuple[int | None, str] | None:
    """What makes a draft the same as a row that is there: account and external id."""
    if draft.external_id is None:
        return None
    return draft.account.pk if draft.account else None, draft.external_id


def _is_there_already(row: Transaction) -> bool:
    same = Q(external_id=row.external_id, external_id__isnull=False)
    same |= Q(fingerprint=row.fingerprint, fingerprint__isnull=False)
    others = Transaction.objects.filter(same, ledger_id=row.ledger_id, account=row.account).exclude(pk=row.pk)
    return bool(others.exists())


def _known_rows(ledger_id: int, drafts: Sequence[Draft]) -> dict[tuple[int | None, str], Transaction]:
    external_ids = [draft.external_id for draft in drafts if draft.external_id is not None]
    if not external_ids:
        return {}
    rows = Transaction.objects.filter(ledger_id=ledger_id, external_id__in=external_ids).with_related()
    return {(row.account_id, row.external_id): row for row in rows}


def _store_decisions(
    verdicts: Sequence[Verdict], *, ledger_id: int, catalog: Catalog
) -> dict[tuple[int, ...], Decision]:
    distinct = {v.identity: v for v in verdicts if v.attempts}
    decisions = [make_decision(v, ledger_id=ledger_id, catalog=catalog) for v in distinct.values()]
    return dict(zip(distinct, Decision.objects.bulk_create(decisions, batch_size=500), strict=True))


def _insert(recorded: Sequence[Recorded], *, ledger_id: int, version: int) -> None:
    rows = [r.transaction for r in recorded if r.is_new]
    for row in rows:
        row.ledger_id, row.version = ledger_id, version
    Transaction.objects.bulk_create(rows, batch_size=500)


def _tag(
    recorded: Sequence[Recorded], drafts: Sequence[Draft], verdicts: Sequence[Verdict], *, ledger_id: int, version: int
) -> None:
    wanted = [
        (r.transaction, tuple(dict.fromkeys((*draft.tags, *verdict.effects.tags))))
        for r, draft, verdict in zip(recorded, drafts, verdicts, strict=True)
        if r.is_new
    ]
    names = [name for _, names in wanted for name in names]
    tags: dict[str, Tag] = find_or_create_tags(ledger_id=ledger_id, names=names, version=version)
    links = [
        Transaction.tags.through(transaction_id=row.pk, tag_id=tag_id)
        for row, names in wanted
        for tag_id in {tags[name.casefold()].pk for name in names}
    ]
    if links:
        Transaction.tags.through.objects.bulk_create(links, batch_size=500)
