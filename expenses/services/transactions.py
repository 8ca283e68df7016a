"""Writes of transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.categorization.decisions import categorization_of, make_decision
from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.hooks import call_edit_hooks
from expenses.ledger.kinds import derive_kind
from expenses.ledger.search_text import search_text_of
from expenses.models import CategorizationStatus, Decision, Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.detection import pair_recorded
from expenses.services.drafts import TransactionDraft, ask_chain
from expenses.services.editing import Author, editing
from expenses.services.ledger_lock import Refusal, ledger_write
from expenses.services.ledger_queue import LEARN_FROM_CHOICES, RESOLVE_PENDING
from expenses.services.pairs import leave_transfer, restamp_transfers
from expenses.services.rewinding import refit
from expenses.services.split_parts import check_edit, check_sums, pass_on
from expenses.services.standing import accept_answer, answer_of, apply_choice, apply_standing, follow_category
from expenses.services.tagging import give_tags
from expenses.services.tags import find_or_create_tags
from expenses.services.user_fields import holds_of_tags
from providers.chain import Verdict
from providers.interface import matching_text
from providers.normalization import normalize


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row, and whether it is new; an old one has the external id of the draft."""

    transaction: Transaction
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A draft with what the chain says of it, and its parts with theirs."""

    draft: TransactionDraft
    verdict: Verdict
    parts: tuple["_Asked", ...] = ()


_Written = tuple[Transaction, _Asked]


def record_transaction(*, by: User, draft: TransactionDraft, catalog: Catalog) -> Recorded:
    """Record one; the same external id in the same account again gives the first row back."""
    return record_transactions(ledger_id=ledger_id_of(by), drafts=[draft], catalog=catalog)[0]


def record_transactions(
    *, ledger_id: int, drafts: Sequence[TransactionDraft], catalog: Catalog, pairs: bool = True
) -> list[Recorded]:
    """Record many, in one database transaction and a number of queries that does not depend on how many.

    With `pairs`, those that are halves of transfers are paired. Raises UnequalParts.
    """
    asked = _ask(drafts, ledger_id=ledger_id, catalog=catalog)
    with ledger_write(ledger_id) as version:
        recorded, new = _tell_known(asked, ledger_id=ledger_id, catalog=catalog)
        _write(new, ledger_id=ledger_id, version=version)
        _write_parts_of(new, ledger_id=ledger_id, version=version, catalog=catalog)
        if pairs:
            pair_recorded([row for row, _ in new], ledger_id=ledger_id)
    return recorded


def record_parts(
    *, parent: Transaction, drafts: Sequence[TransactionDraft], version: int, catalog: Catalog
) -> list[Transaction]:
    """Record parts of a row that is there; the caller holds the lock and looks at the sum."""
    ledger_id = parent.ledger_id
    asked = _ask(drafts, ledger_id=ledger_id, catalog=catalog)
    decisions = _store_decisions([one.verdict for one in asked], ledger_id=ledger_id, catalog=catalog)
    parts = [(_build_part(parent, one, catalog, decisions), one) for one in asked]
    _write(parts, ledger_id=ledger_id, version=version)
    return [part for part, _ in parts]


def _ask(drafts: Sequence[TransactionDraft], *, ledger_id: int, catalog: Catalog) -> list[_Asked]:
    every = [one for draft in drafts for one in (draft, *draft.parts)]
    verdicts = iter(ask_chain(every, ledger_id=ledger_id, catalog=catalog))
    return [
        _Asked(draft, next(verdicts), tuple(_Asked(part, next(verdicts)) for part in draft.parts)) for draft in drafts
    ]


def _tell_known(asked: Sequence[_Asked], *, ledger_id: int, catalog: Catalog) -> tuple[list[Recorded], list[_Written]]:
    """What becomes of each draft, and the rows to write: not those whose external id is there."""
    known = _known_rows(ledger_id, [one.draft for one in asked])
    fresh = [one.verdict for one in asked if _identity(one.draft) not in known]
    decisions = _store_decisions(fresh, ledger_id=ledger_id, catalog=catalog)
    recorded: list[Recorded] = []
    new: list[_Written] = []
    for one in asked:
        identity = _identity(one.draft)
        found = known.get(identity) if identity else None
        row = found or _build_row(one.draft, one.verdict, catalog=catalog, decision=decisions.get(id(one.verdict)))
        if identity is not None:
            known[identity] = row
        if found is None:
            new.append((row, one))
        recorded.append(Recorded(row, is_new=found is None))
    return recorded, new


def _write_parts_of(new: Sequence[_Written], *, ledger_id: int, version: int, catalog: Catalog) -> None:
    split = [(row, one) for row, one in new if one.parts]
    if not split:
        return
    verdicts = [part.verdict for _, one in split for part in one.parts]
    decisions = _store_decisions(verdicts, ledger_id=ledger_id, catalog=catalog)
    parts = [(_build_part(row, part, catalog, decisions), part) for row, one in split for part in one.parts]
    _write(parts, ledger_id=ledger_id, version=version)
    check_sums([row for row, _ in split])


def _write(rows: Sequence[_Written], *, ledger_id: int, version: int) -> None:
    names = [name for _, one in rows for name in _names_of_tags(one)]
    tags = find_or_create_tags(ledger_id=ledger_id, names=names, version=version)
    for row, one in rows:
        row.ledger_id, row.version, row.held = ledger_id, version, _hold(one.draft, tags)
    Transaction.objects.bulk_create([row for row, _ in rows], batch_size=500)
    if any(row.review_status == CategorizationStatus.CONFIRMED for row, _ in rows):
        LEARN_FROM_CHOICES.queue(ledger_id)
    _tag(rows, tags)
    if any(row.review_status == CategorizationStatus.PENDING for row, _ in rows):
        RESOLVE_PENDING.queue(ledger_id)


def edit_transaction(
    *, by: User, transaction: Transaction, changes: Mapping[str, Any], tags: Sequence[str] | None = None
) -> Transaction:
    """Change fields. A category named here is the user's own choice, which no machine overwrites.

    What its split or transfer shows of it follows. Raises Refusal when another row of the account has the external id
    or the fingerprint, and where a split holds a field.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        check_edit(row, changes)
        changes = leave_transfer(row, changes, author=Author.person(by))
        with editing([row], version=version, author=Author.person(by)):
            _apply(row, changes)
            if tags is not None:
                give_tags(row, find_or_create_tags(ledger_id=ledger_id, names=tags, version=version).values())
        restamp_transfers([row], changes, version=version)
        if row.is_split:
            pass_on(row, version=version, author=Author.person(by))
        if call_edit_hooks(ledger_id=ledger_id, ids=[row.pk], version=version):
            row = Transaction.objects.for_user(by).with_related().get(pk=row.pk)
        return row


def _apply(row: Transaction, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    if {"account", "external_id"} & changes.keys() and _is_there_already(row):
        detail = "Another transaction of that account has the same external id or statement row."
        raise Refusal(detail, code="duplicate")
    if "category" in changes and not row.is_split:
        apply_choice(row, changes["category"])
        row.review = changes.get("review", row.review)
    refit(row)
    follow_category(row)  # a machine may have given it one after the changes were checked


def confirm_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Say that the machine's answer is right. Raises Refusal when there is none."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        with editing([row], version=version, author=Author.answering(by)):
            answer = answer_of(row)
            if answer is None:
                raise Refusal("There is no answer to confirm yet; set a category instead.", code="nothing_to_confirm")
            accept_answer(row, answer)
        LEARN_FROM_CHOICES.queue(row.ledger_id)
        return row


def _build_row(
    draft: TransactionDraft, verdict: Verdict, *, catalog: Catalog, decision: Decision | None
) -> Transaction:
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    written = {
        "description": draft.description,
        "merchant": draft.merchant or verdict.effects.merchant,
        "notes": draft.notes,
        "review": draft.review,
        "is_excluded_from_budget": draft.is_excluded_from_budget,
        **dict(verdict.effects.fields),
    }
    row = Transaction(
        account=draft.account,
        kind=draft.kind or derive_kind(draft.direction, None) or "expense",
        direction=draft.direction,
        amount=draft.amount,
        currency=draft.currency,
        date=draft.date,
        raw_description=draft.description,
        decision=decision,
        payment_method=draft.payment_method,
        iban=draft.iban,
        mcc=draft.mcc,
        external_id=draft.external_id,
        match_text=text,
        match_prefix=text[:PREFIX_LENGTH],
        is_kind_stated=draft.kind is not None,
        is_split=bool(draft.parts),
        **written,
    )
    row.search_text = search_text_of(row)
    if draft.category is not None:
        apply_choice(row, draft.category)
    else:
        apply_standing(row, categorization_of(verdict), catalog=catalog)
    row.review = written["review"]
    return row


def _build_part(parent: Transaction, asked: _Asked, catalog: Catalog, decisions: Mapping[int, Decision]) -> Transaction:
    verdict = asked.verdict
    part = _build_row(asked.draft, verdict, catalog=catalog, decision=decisions.get(id(verdict)))
    part.parent, part.run, part.is_touched = parent, parent.run, parent.is_touched
    return part


def _identity(draft: TransactionDraft) -> tuple[int | None, str] | None:
    """What makes a draft the same as a row that is there: account and external id."""
    if draft.external_id is None:
        return None
    return draft.account.pk if draft.account else None, draft.external_id


def _is_there_already(row: Transaction) -> bool:
    same = Q(external_id=row.external_id, external_id__isnull=False)
    same |= Q(fingerprint=row.fingerprint, fingerprint__isnull=False)
    others = Transaction.objects.filter(same, ledger_id=row.ledger_id, account=row.account).exclude(pk=row.pk)
    return bool(others.exists())


def _known_rows(ledger_id: int, drafts: Sequence[TransactionDraft]) -> dict[tuple[int | None, str], Transaction]:
    external_ids = [draft.external_id for draft in drafts if draft.external_id is not None]
    if not external_ids:
        return {}
    rows = Transaction.objects.filter(ledger_id=ledger_id, external_id__in=external_ids).with_related()
    return {(row.account_id, row.external_id): row for row in rows}


def _store_decisions(verdicts: Sequence[Verdict], *, ledger_id: int, catalog: Catalog) -> dict[int, Decision]:
    distinct = {id(v): v for v in verdicts if v.attempts}
    decisions = [make_decision(v, ledger_id=ledger_id, catalog=catalog) for v in distinct.values()]
    return dict(zip(distinct, Decision.objects.bulk_create(decisions, batch_size=500), strict=True))


def _names_of_tags(asked: _Asked) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*asked.draft.tags, *asked.verdict.effects.tags)))


def _hold(draft: TransactionDraft, tags: Mapping[str, Tag]) -> list[str]:
    """What the client wrote itself, as `held` keeps it."""
    return sorted(draft.stated_fields | holds_of_tags(tags[name.casefold()].pk for name in draft.tags))


def _tag(rows: Sequence[_Written], tags: Mapping[str, Tag]) -> None:
    wanted = [(row, {tags[name.casefold()].pk for name in _names_of_tags(one)}) for row, one in rows]
    for row in (row for row, ids in wanted if not ids):
        row._prefetched_objects_cache = {"tags": Tag.objects.none()}  # type: ignore[attr-defined]  # noqa: SLF001 - known
    links = [Transaction.tags.through(transaction_id=row.pk, tag_id=tag_id) for row, ids in wanted for tag_id in ids]
    if links:
        Transaction.tags.through.objects.bulk_create(links, batch_size=500)
