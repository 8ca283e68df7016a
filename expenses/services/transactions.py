"""Writes of transactions: record, edit and confirm them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.categorization.history import PREFIX_LENGTH, TEXT_LENGTH
from expenses.categorization.questions import ask_chain, categorization_of, make_decision
from expenses.hooks import call_edit_hooks
from expenses.ledger.kinds import derive_kind
from expenses.models import CategorizationStatus, Decision, Transaction
from expenses.models.bulk_insert import insert_objects
from expenses.models.ledgers import ledger_id_of, recorder_of
from expenses.models.transactions import TransactionDraft
from expenses.services.edits import (
    EDIT_WINDOW_CLOSED,
    Author,
    closed_rows,
    editing,
    find_or_create_tags,
    give_tags,
    held_tag,
    link_tags,
    search_text_of,
)
from expenses.services.ledger_lock import NotAllowed, Refusal, ledger_write, lock_ledger, next_version, write_nothing
from expenses.services.ledger_queue import LEARN_FROM_CHOICES, RESOLVE_PENDING
from expenses.services.pairs import SHOWN_IN_TRANSFER, leave_transfers, pair_recorded, restamp_transfers
from expenses.services.row_category import (
    accept_answer,
    answer_of,
    apply_categorization,
    apply_choice,
    follow_category,
    refit,
)
from expenses.services.split_parts import check_edit, check_sums, pass_on
from providers.chain import Verdict
from providers.interface import matching_text
from providers.merchants.provider import known_name
from providers.normalization import normalize


@dataclass(frozen=True, slots=True)
class RecordedTransaction:
    """A row, and whether it is new. An old one has the external id of the draft."""

    transaction: Transaction
    is_new: bool


@dataclass(frozen=True, slots=True)
class _DraftVerdict:
    """A draft with the chain's verdict, and its parts with theirs."""

    draft: TransactionDraft
    verdict: Verdict
    parts: tuple["_DraftVerdict", ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the names of the draft's and the verdict's tags."""
        return tuple(dict.fromkeys((*self.draft.tags, *self.verdict.effects.tags)))

    @property
    def identity(self) -> tuple[int | None, str] | None:
        """Return account and external id, which two rows never share. Return None without an external id."""
        if self.draft.external_id is None:
            return None
        return self.draft.account.pk if self.draft.account else None, self.draft.external_id


@dataclass(frozen=True, slots=True)
class RowEdit:
    """New values of a row that was read `with_related()`. Without `tags`, it keeps its tags."""

    row: Transaction
    changes: Mapping[str, Any]
    tags: Sequence[str] | None = None


_NewRow = tuple[Transaction, _DraftVerdict]


def known_rows(
    *, ledger_id: int, external_ids: Iterable[str | None]
) -> dict[tuple[int | None, str] | None, Transaction]:
    """Return rows with these external ids, by account and external id."""
    wanted = {external_id for external_id in external_ids if external_id is not None}
    if not wanted:
        return {}
    rows = Transaction.objects.filter(ledger_id=ledger_id, external_id__in=wanted).with_related()
    return {(row.account_id, row.external_id): row for row in rows}


def record_transaction(*, by: User, draft: TransactionDraft, catalog: Catalog) -> RecordedTransaction:
    """Record one. If the account has a row with its external id, return that row."""
    return record_transactions(by=by, drafts=[draft], catalog=catalog)[0]


def record_transactions(
    *, by: User, drafts: Sequence[TransactionDraft], catalog: Catalog, pairs: bool = True
) -> list[RecordedTransaction]:
    """Record many, in one database transaction and a number of queries that does not depend on how many.

    With `pairs`, those that are halves of transfers are paired. Raises UnequalParts.
    """
    ledger_id = ledger_id_of(by)
    every = [one for draft in drafts for one in (draft, *draft.parts)]
    verdicts = iter(ask_chain(every, catalog=catalog))
    answers = [
        _DraftVerdict(draft, next(verdicts), tuple(_DraftVerdict(part, next(verdicts)) for part in draft.parts))
        for draft in drafts
    ]
    with transaction.atomic():
        lock_ledger(ledger_id)
        known = known_rows(ledger_id=ledger_id, external_ids=[draft.external_id for draft in drafts])
        if all(answer.identity in known for answer in answers):
            return [RecordedTransaction(known[answer.identity], is_new=False) for answer in answers]
        version = next_version(ledger_id)
        fresh = [answer.verdict for answer in answers if answer.identity not in known]
        decisions = _store_decisions(fresh, ledger_id=ledger_id, catalog=catalog)
        recorded: list[RecordedTransaction] = []
        new: list[_NewRow] = []
        for answer in answers:
            found = known.get(answer.identity) if answer.identity else None
            row = found or _build_row(answer, catalog, decisions)
            if answer.identity is not None:
                known[answer.identity] = row
            if found is None:
                new.append((row, answer))
            recorded.append(RecordedTransaction(row, is_new=found is None))
        _insert(new, by=by, version=version)
        if split := [(row, answer) for row, answer in new if answer.parts]:
            of_parts = [part.verdict for _, answer in split for part in answer.parts]
            decisions = _store_decisions(of_parts, ledger_id=ledger_id, catalog=catalog)
            parts = [(_build_part(row, p, catalog, decisions), p) for row, answer in split for p in answer.parts]
            _insert(parts, by=by, version=version)
            check_sums([row for row, _ in split])
        if pairs:
            pair_recorded([row for row, _ in new], ledger_id=ledger_id)
    return recorded


def record_parts(
    *, by: User, parent: Transaction, drafts: Sequence[TransactionDraft], version: int, catalog: Catalog
) -> list[Transaction]:
    """Record parts of a row that is there. The caller holds the lock and checks the sum."""
    ledger_id = parent.ledger_id
    answers = [_DraftVerdict(*pair) for pair in zip(drafts, ask_chain(drafts, catalog=catalog), strict=True)]
    decisions = _store_decisions([answer.verdict for answer in answers], ledger_id=ledger_id, catalog=catalog)
    parts = [(_build_part(parent, answer, catalog, decisions), answer) for answer in answers]
    _insert(parts, by=by, version=version)
    return [part for part, _ in parts]


def edit_transaction(
    *, by: User, transaction: Transaction, changes: Mapping[str, Any], tags: Sequence[str] | None = None
) -> Transaction:
    """Change fields of one row, as `edit_transactions` does. Raises Refusal."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        edited = edit_transactions([RowEdit(row, changes, tags)], by=by, version=version)[row.pk]
        if isinstance(edited, Refusal):
            raise edited
        if edited.version != version:
            write_nothing()
        return edited


def edit_transactions(edits: Sequence[RowEdit], *, by: User, version: int) -> dict[int, Transaction | Refusal]:
    """Change fields of different rows. A category named here is the user's own choice, which no machine overwrites.

    What splits and transfers show of the rows follows. The caller holds the lock. Return the edited rows by id. A row
    that cannot take its edit stays as it is, and its refusal is returned: the edit window is closed, a split holds the
    field, or another row of the account has the external id or fingerprint.
    """
    closed = closed_rows([edit.row for edit in edits], user=by)
    refusals = {edit.row.pk: refusal for edit in edits if (refusal := _refusal_of(edit, closed))}
    taken = [edit for edit in edits if edit.row.pk not in refusals]
    if not taken:
        return dict(refusals)
    ledger_id, author, rows = ledger_id_of(by), Author.person(by), [edit.row for edit in taken]
    left = leave_transfers([(edit.row, edit.changes) for edit in taken], author=author)
    names = [name for edit in taken for name in edit.tags or ()]
    tags = find_or_create_tags(ledger_id=ledger_id, names=names, version=version)
    with editing(rows, version=version, author=author):
        for edit, changes in zip(taken, left, strict=True):
            row = edit.row
            for name, value in changes.items():
                setattr(row, name, value)
            if "category" in changes and not row.is_split:
                apply_choice(row, changes["category"])
                row.review = changes.get("review", row.review)
            refit(row)
            follow_category(row)  # a machine may have given it one after the changes were checked
            if edit.tags is not None:
                give_tags(row, dict.fromkeys(tags[name.casefold()] for name in edit.tags))
    shown = [edit.row for edit in taken if not SHOWN_IN_TRANSFER.isdisjoint(edit.changes)]
    restamp_transfers(shown, SHOWN_IN_TRANSFER, version=version)
    pass_on([row for row in rows if row.is_split], version=version, author=author)
    if call_edit_hooks(ledger_id=ledger_id, ids=[row.pk for row in rows], version=version):
        rows = list(Transaction.objects.for_user(by).with_related().filter(pk__in=[row.pk for row in rows]))
    return refusals | {row.pk: row for row in rows}


def _refusal_of(edit: RowEdit, closed: Mapping[int, str]) -> Refusal | None:
    """Return the reason why the row cannot take the edit, or None. `closed` are rows outside of the edit window."""
    row, changes = edit.row, edit.changes
    try:
        check_edit(row, changes)
    except Refusal as refusal:
        return refusal
    if row.pk in closed:
        return NotAllowed(closed[row.pk], code=EDIT_WINDOW_CLOSED)
    account, external_id = changes.get("account", row.account), changes.get("external_id", row.external_id)
    if (account, external_id) == (row.account, row.external_id):
        return None
    same = Q(external_id=external_id, external_id__isnull=False)
    same |= Q(fingerprint=row.fingerprint, fingerprint__isnull=False)
    others = Transaction.objects.filter(same, ledger_id=row.ledger_id, account=account)
    if others.exclude(pk=row.pk).exists():
        detail = "Another transaction of that account has the same external id or statement row."
        return Refusal(detail, code="duplicate")
    return None


def confirm_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Confirm the machine's answer. Raises Refusal when there is none."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        with editing([row], version=version, author=Author.answering(by)):
            answer = answer_of(row)
            if answer is None:
                raise Refusal("There is no answer to confirm yet; set a category instead.", code="nothing_to_confirm")
            accept_answer(row, answer)
        if row.version == version:
            LEARN_FROM_CHOICES.queue(row.ledger_id)
        else:
            write_nothing()
        return row


def _store_decisions(verdicts: Sequence[Verdict], *, ledger_id: int, catalog: Catalog) -> dict[int, Decision]:
    """Store a decision for each distinct verdict, and return them by the verdict's id()."""
    distinct = {id(v): v for v in verdicts if v.attempts}
    decisions = [make_decision(v, ledger_id=ledger_id, catalog=catalog) for v in distinct.values()]
    insert_objects(decisions)
    return dict(zip(distinct, decisions, strict=True))


def _build_row(answer: _DraftVerdict, catalog: Catalog, decisions: Mapping[int, Decision]) -> Transaction:
    draft, verdict = answer.draft, answer.verdict
    text = normalize(matching_text(draft.merchant, draft.description))[:TEXT_LENGTH]
    written = {
        "description": draft.description,
        "merchant": draft.merchant or verdict.effects.merchant or known_name(text, draft.direction, _country_of(draft)),
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
        decision=decisions.get(id(verdict)),
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
        apply_categorization(row, categorization_of(verdict), catalog=catalog)
    row.review = written["review"]
    return row


def _country_of(draft: TransactionDraft) -> str:
    return draft.account.country.lower() if draft.account else ""


def _build_part(
    parent: Transaction, answer: _DraftVerdict, catalog: Catalog, decisions: Mapping[int, Decision]
) -> Transaction:
    part = _build_row(answer, catalog, decisions)
    part.parent, part.run, part.is_touched = parent, parent.run, parent.is_touched
    return part


def _insert(rows: Sequence[_NewRow], *, by: User, version: int) -> None:
    """Insert rows with their tags, and queue what is to follow."""
    ledger_id, recorder = ledger_id_of(by), recorder_of(by)
    names = [name for _, answer in rows for name in answer.tags]
    tags = find_or_create_tags(ledger_id=ledger_id, names=names, version=version)
    for row, answer in rows:
        held = {held_tag(tags[name.casefold()].pk) for name in answer.draft.tags}
        row.ledger_id, row.version, row.held = ledger_id, version, sorted(answer.draft.stated_fields | held)
        row.recorded_by_id = recorder
    insert_objects([row for row, _ in rows])
    if any(row.review_status == CategorizationStatus.CONFIRMED for row, _ in rows):
        LEARN_FROM_CHOICES.queue(ledger_id)
    for row, answer in rows:
        if not answer.tags:
            give_tags(row, ())
    link_tags((row.pk, pk) for row, answer in rows for pk in {tags[name.casefold()].pk for name in answer.tags})
    if any(row.is_awaiting_model for row, _ in rows):
        RESOLVE_PENDING.queue(ledger_id)
