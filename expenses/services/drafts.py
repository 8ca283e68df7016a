"""What is to be recorded, before it is a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from expenses.categorization.catalog import Catalog
from expenses.models import Account, Category
from providers.chain import Verdict
from providers.interface import EFFECT_FIELDS, Direction, Question
from providers.loading import configured_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """One movement of money to record. `amount` is positive, in `currency`; `kind` only where the client stated it.

    `asks_chain` None means: where no category is given. One with `parts` has no category: its parts count instead.
    """

    amount: Decimal
    currency: str
    date: date
    description: str
    direction: Direction
    kind: str | None = None
    account: Account | None = None
    category: Category | None = None
    merchant: str = ""
    payment_method: str | None = None
    iban: str = ""
    mcc: str = ""
    review: str | None = None
    is_excluded_from_budget: bool = False
    notes: str = ""
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    fingerprint: str | None = None
    asks_chain: bool | None = None
    parts: tuple["TransactionDraft", ...] = ()

    @property
    def is_for_chain(self) -> bool:
        if self.parts:
            return False
        return self.category is None if self.asks_chain is None else self.asks_chain


NOT_ASKED = Verdict(())


def stated_in(draft: TransactionDraft) -> frozenset[str]:
    """Return the fields that the client wrote. The description of a new row is just the text that it came with."""
    return frozenset(name for name in EFFECT_FIELDS if name != "description" and getattr(draft, name))


def ask_chain(
    drafts: Sequence[TransactionDraft],
    *,
    ledger_id: int,
    catalog: Catalog,
    trigger: Literal["create", "import"] = "create",
) -> list[Verdict]:
    """The immediate links' verdicts, in the drafts' order; drafts that do not ask get an empty one."""
    asking = [i for i, draft in enumerate(drafts) if draft.is_for_chain]
    questions = [_question(drafts[i], ledger_id=ledger_id, catalog=catalog, trigger=trigger) for i in asking]
    answers = dict(zip(asking, configured_chain().decide(questions), strict=True))
    return [answers.get(i, NOT_ASKED) for i in range(len(drafts))]


def _question(
    draft: TransactionDraft, *, ledger_id: int, catalog: Catalog, trigger: Literal["create", "import"]
) -> Question:
    return Question(
        description=draft.description,
        categories=catalog.offered(draft.direction, draft.kind),
        owner=ledger_id,
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
        stated=stated_in(draft) if trigger == "create" else frozenset(),
        trigger=trigger,
    )
