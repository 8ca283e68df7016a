"""The chain's answers about the rows of one import, asked and stored once for all rows that look alike to the chain."""

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from django.db import connection
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import (
    Categorization,
    ask_chain,
    attempts_as_json,
    categorization_of,
    decision_fields,
    given_categorization,
    varying_fields,
)
from expenses.models import Account, Decision, Ledger
from expenses.models.bulk_insert import insert_returning_ids
from expenses.models.transactions import TransactionDraft
from expenses.services.draft_columns import DraftColumns
from providers.chain import Verdict
from providers.interface import VARYING, size_of

DECISION_COLUMNS = [
    "ledger_id", "source", "source_id", "category_name", "confidence", "evidence", "explanation", "attempts",
    "created_at",
]  # fmt: skip
#: Texts of a row that a verdict may write and a search looks at.
TEXTS = ("merchant", "description", "notes")
#: Questions that the chain is asked at once: its links keep what they found about so many texts.
AT_ONCE = 2_000
#: Kinds of rows that are remembered; an answer takes some kilobytes.
MOST_REMEMBERED = 25_000
#: Fields of a draft that a verdict does not depend on, or only if the chain says so.
_OWN = VARYING | {"account", "fingerprint", "external_id"}
_NAMES = tuple(field.name for field in fields(TransactionDraft) if field.name not in _OWN)
_COMPARED, _COMPARED_WITH_CURRENCY = attrgetter(*_NAMES), attrgetter(*_NAMES, "currency")


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """Values that rows with one verdict share, once its decision is stored."""

    columns: dict[str, Any]
    category_kind: str | None
    merchant: str
    texts: dict[str, str]
    tags: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Likeness:
    """Rows of one account that look alike to the chain: one of them, and its verdict.

    `answer` is set while the decision is stored. `values` are the columns that the rows share.
    """

    draft: TransactionDraft
    verdict: Verdict
    answer: RowAnswer | None = None
    values: tuple[Any, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the names of the tags that file and rules give."""
        return (*self.draft.tags, *self.answer.tags) if self.answer is not None else self.draft.tags


class StatementAnswers:
    """The chain's answers for one ledger. They are forgotten when somebody else writes to the ledger meanwhile."""

    def __init__(self, ledger_id: int) -> None:
        self._ledger_id = ledger_id
        self._version: int | None = None
        self._alike: dict[Hashable, Likeness] = {}
        self._stored: dict[int, tuple[Verdict, RowAnswer]] = {}
        #: Which of VARYING the chain looks at; None until it is asked, and once the import confirms rows itself.
        self._looked_at: frozenset[str] | None = None
        self.catalog = self._load()

    def renew(self) -> Catalog:
        """Forget everything if the ledger has changed. Return the catalog."""
        if self._ledger_version() != self._version or len(self._alike) > MOST_REMEMBERED:
            self.catalog = self._load()
        return self.catalog

    def ask(self, drafts: DraftColumns, *, account: Account) -> list[Likeness]:
        """Return the kind of each draft of the account, in order. The chain is asked about kinds that are new."""
        if not len(drafts):
            return []
        keys = self._keys(drafts, account)
        numbers = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        fresh = sorted(number for key, number in numbers.items() if key not in self._alike)
        for start in range(0, len(fresh), AT_ONCE):
            part = [(keys[number], drafts.draft(number)) for number in fresh[start : start + AT_ONCE]]
            verdicts = ask_chain([draft for _, draft in part], catalog=self.catalog, trigger="import")
            for (key, draft), verdict in zip(part, verdicts, strict=True):
                self._alike[key] = Likeness(draft, verdict)
        return [self._alike[key] for key in keys]

    def check_version(self, version: int) -> None:
        """Take nothing for stored any more if somebody else has written: decisions may be gone.

        `version` is that of the present write. Call it under the ledger's lock.
        """
        if version - 1 != self._version:
            self._stored.clear()
            for kind in self._alike.values():
                kind.answer, kind.values = None, ()

    def store(self, kinds: Iterable[Likeness]) -> list[Likeness]:
        """Store the decisions that are missing, and return the kinds that got an answer. Call it under the lock."""
        waiting = [kind for kind in dict.fromkeys(kinds) if kind.answer is None]
        asked = {id(kind.verdict): kind.verdict for kind in waiting if kind.draft.is_for_chain}
        new = [verdict for number, verdict in asked.items() if number not in self._stored]
        for verdict, pk in zip(new, self._insert(new), strict=True):
            self._stored[id(verdict)] = verdict, _answer(verdict, pk, self.catalog)
        for kind in waiting:
            known = self._stored.get(id(kind.verdict)) if kind.draft.is_for_chain else None
            kind.answer = known[1] if known is not None else _given_answer(kind.draft, self.catalog)
        return waiting

    def note_written(self, *, confirms: bool) -> None:
        """Remember the ledger's version at the end of a write of the import's own, under the lock."""
        if confirms:
            self._looked_at = None
        self._version = self._ledger_version()

    def _load(self) -> Catalog:
        self._alike.clear()
        self._stored.clear()
        self._looked_at = None
        self._version = self._ledger_version()
        return Catalog.load(self._ledger_id)

    def _ledger_version(self) -> int | None:
        version: int | None = Ledger.objects.filter(pk=self._ledger_id).values_list("version", flat=True).first()
        return version

    def _keys(self, drafts: DraftColumns, account: Account) -> list[Hashable]:
        """Return for each draft what the chain sees of it. Drafts with one look are compared once."""
        if self._looked_at is None:
            self._looked_at = varying_fields(drafts.draft(0), catalog=self.catalog, trigger="import")
        looked_at = self._looked_at
        # A look has a currency of its own; day and amount are columns.
        compared = _COMPARED_WITH_CURRENCY if "currency" in looked_at else _COMPARED
        looks = {id(look): look for look in drafts.looks}
        of_looks = {number: (account.pk, compared(look)) for number, look in looks.items()}
        keys: list[Hashable] = [of_looks[id(look)] for look in drafts.looks]
        columns: list[Sequence[Any]] = []
        if "amount" in looked_at:
            columns.append(drafts.amounts)
        elif "size" in looked_at:
            columns.append([size_of(amount) for amount in drafts.amounts])
        if "date" in looked_at:
            columns.append(drafts.dates)
        return list(zip(keys, *columns, strict=True)) if columns else keys

    def _insert(self, verdicts: Sequence[Verdict]) -> list[int]:
        """Insert a decision for each verdict, and return the ids."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        texts_of_attempts: dict[int, str] = {}  # verdicts share attempts
        rows = []
        for verdict in verdicts:
            for attempt in verdict.attempts:
                if id(attempt) not in texts_of_attempts:
                    body = attempts_as_json([attempt], catalog=self.catalog)[0]
                    texts_of_attempts[id(attempt)] = json.dumps(body)
            attempts = f"[{', '.join(texts_of_attempts[id(attempt)] for attempt in verdict.attempts)}]"
            values = decision_fields(verdict, catalog=self.catalog)
            values |= {"ledger_id": self._ledger_id, "attempts": attempts, "created_at": now}
            rows.append([values[column] for column in DECISION_COLUMNS])
        return insert_returning_ids(Decision, DECISION_COLUMNS, rows)


def _answer(verdict: Verdict, decision_id: int, catalog: Catalog) -> RowAnswer:
    effects = verdict.effects
    written: dict[str, Any] = dict(effects.fields)
    texts = {name: written.pop(name) for name in TEXTS if name in written}
    columns = written | _columns(categorization_of(verdict)) | {"decision_id": decision_id}
    return RowAnswer(columns, _kind_of(columns["category_id"], catalog), effects.merchant, texts, effects.tags)


def _given_answer(draft: TransactionDraft, catalog: Catalog) -> RowAnswer:
    """Return the answer of a file that names a category or parts."""
    columns = _columns(given_categorization(draft.category)) | {"decision_id": None}
    return RowAnswer(columns, _kind_of(columns["category_id"], catalog), "", {}, ())


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
