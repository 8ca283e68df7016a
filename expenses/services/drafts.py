"""What is to be recorded, before it is a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import question_of_draft
from expenses.models import Account, Category
from providers.chain import Verdict
from providers.interface import EFFECT_FIELDS, Direction
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

    @property
    def stated_fields(self) -> frozenset[str]:
        """The fields that the client wrote. The description of a new row is just the text that it came with."""
        return frozenset(name for name in EFFECT_FIELDS if name != "description" and getattr(self, name))


NOT_ASKED = Verdict(())


def ask_chain(
    drafts: Sequence[TransactionDraft],
    *,
    ledger_id: int,
    catalog: Catalog,
    trigger: Literal["create", "import"] = "create",
) -> list[Verdict]:
    """The immediate links' verdicts, in the drafts' order; drafts that do not ask get an empty one."""
    asking = [i for i, draft in enumerate(drafts) if draft.is_for_chain]
    questions = [question_of_draft(drafts[i], catalog=catalog, trigger=trigger) for i in asking]
    answers = dict(zip(asking, configured_chain().decide(questions), strict=True))
    return [answers.get(i, NOT_ASKED) for i in range(len(drafts))]
