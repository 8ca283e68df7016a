"""The questions that the chain is asked about drafts, rows, training rows and texts."""

from collections.abc import Sequence
from typing import Any, Literal

from expenses.categorization.catalog import Catalog
from expenses.models import Account, Transaction
from expenses.models.transactions import TransactionDraft
from providers.chain import Verdict
from providers.interface import EFFECT_FIELDS, Direction, OfferedCategory, Question, Trust, matching_text
from providers.loading import configured_chain
from providers.normalization import normalize

NOT_ASKED = Verdict(())


def ask_chain(
    drafts: Sequence[TransactionDraft], *, catalog: Catalog, trigger: Literal["create", "import"] = "create"
) -> list[Verdict]:
    """Return the verdicts of the immediate links, in the drafts' order. Drafts that do not ask get an empty one."""
    asking = [i for i, draft in enumerate(drafts) if draft.is_for_chain]
    questions = [question_of_draft(drafts[i], catalog=catalog, trigger=trigger) for i in asking]
    answers = dict(zip(asking, configured_chain().decide(questions), strict=True))
    return [answers.get(i, NOT_ASKED) for i in range(len(drafts))]


def question_of_draft(
    draft: TransactionDraft, *, catalog: Catalog, trigger: Literal["create", "import"] = "create"
) -> Question:
    """Return the question about a transaction that is to be recorded."""
    return Question(
        description=draft.description,
        categories=catalog.offered(draft.direction, draft.kind),
        owner=catalog.ledger_id or 0,
        direction=draft.direction,
        merchant=draft.merchant,
        amount=draft.amount,
        currency=draft.currency,
        date=draft.date,
        account=draft.account.pk if draft.account else None,
        country=draft.account.country if draft.account else "",
        payment_method=draft.payment_method or "",
        notes=draft.notes,
        iban=draft.iban,
        mcc=draft.mcc,
        tags=draft.tags,
        kinds=catalog.kinds,
        trust=catalog.trust,
        stated=draft.stated_fields if trigger == "create" else frozenset(),
        trigger=trigger,
    )


def question_of_row(row: Transaction, *, catalog: Catalog) -> Question:
    """Return the question about a recorded transaction; its account and tags should be loaded."""
    return Question(
        description=row.raw_description,
        categories=offered_to(row, catalog),
        owner=row.ledger_id,
        direction="in" if row.direction == "in" else "out",
        merchant=stated_merchant(row.merchant, row.raw_description, row.match_text),
        amount=row.amount,
        currency=row.currency,
        date=row.date,
        account=row.account_id,
        country=row.account.country if row.account else "",
        payment_method=row.payment_method or "",
        notes=row.notes,
        iban=row.iban,
        mcc=row.mcc,
        tags=tuple(tag.name for tag in row.tags.all()),
        kinds=catalog.kinds,
        trust=catalog.trust,
        stated=frozenset(row.held).intersection(EFFECT_FIELDS),
        trigger="import" if row.run_id else "create",
    )


def offered_to(row: Transaction, catalog: Catalog) -> tuple[OfferedCategory, ...]:
    """Return the categories that the chain may choose from for a recorded transaction."""
    return catalog.offered(row.direction, row.kind if row.is_kind_stated else None)


#: Columns that a training question is made of.
TRAINING_COLUMNS = (
    "raw_description", "merchant", "match_text", "direction", "amount", "currency", "date", "account_id",
    "account__country",
)  # fmt: skip


def training_question(row: Any, *, catalog: Catalog, trust: Trust) -> Question:
    """Return the question about a confirmed row, without what links have written since; `row` has TRAINING_COLUMNS."""
    return Question(
        description=row.raw_description,
        categories=catalog.offered(row.direction, None),
        owner=catalog.ledger_id or 0,
        direction=row.direction,
        merchant=stated_merchant(row.merchant, row.raw_description, row.match_text),
        amount=row.amount,
        currency=row.currency,
        date=row.date,
        account=row.account_id,
        country=row.account__country or "",
        kinds=catalog.kinds,
        trust=trust,
    )


def text_question(
    fields: dict[str, Any], *, catalog: Catalog, direction: Direction, account: Account | None
) -> Question:
    """Return the question about a text that is no row; `fields` has a description and may have other details."""
    return Question(
        description=fields["description"],
        categories=catalog.offered(direction, fields.get("kind")),
        owner=catalog.ledger_id or 0,
        direction=direction,
        merchant=fields.get("merchant", ""),
        amount=fields.get("amount"),
        currency=fields["currency"],
        date=fields["date"],
        account=account.pk if account else None,
        country=account.country if account else "",
        kinds=catalog.kinds,
        trust=catalog.trust,
    )


def question_as_json(question: Question) -> dict[str, Any]:
    """Return what a task needs to ask the deferred links the same question."""
    return {
        "merchant": question.merchant,
        "description": question.description,
        "direction": question.direction,
        "kinds": sorted({category.kind for category in question.categories}),
    }


def question_from_json(fields: dict[str, Any], *, catalog: Catalog) -> Question:
    """Return the question that `question_as_json` has written down."""
    return Question(
        description=fields["description"],
        categories=tuple(c for c in catalog.offered("in", None) if c.kind in fields["kinds"]),
        owner=catalog.ledger_id or 0,
        direction=fields["direction"],
        merchant=fields["merchant"],
        kinds=catalog.kinds,
        trust=catalog.trust,
    )


def stated_merchant(merchant: str, description: str, match_text: str) -> str:
    """Return the merchant, or "" if a link has written it, so that it is no part of the text to match."""
    is_stated = bool(merchant) and normalize(matching_text(merchant, description))[: len(match_text)] == match_text
    return merchant if is_stated else ""
