"""Measures the local model on confirmed rows: alone, the other links without it, and all of them together.

Each distinct text is asked about by its first confirmed row, taught with what was confirmed before that row alone: a
text that was confirmed before needs no model.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import EXAMPLES_AMONG, with_examples
from expenses.categorization.model_record import ModelOutcome, record_of
from expenses.categorization.questions import TRAINING_COLUMNS, candidates_of, training_question
from expenses.models import ModelAnswer, Transaction
from expenses.services.ledger_lock import lock_ledger
from expenses.services.model_answers import refresh_records, store_answers
from providers.answer_record import AnswerRecord
from providers.chain import Chain, Link, Verdict, digest_of_answer
from providers.interface import NO_TRUST, LabeledQuestion, Suggestion, Trust
from providers.loading import configured_chain
from providers.normalization import normalize
from providers.ollama import OllamaProvider

#: Confirmed rows that are looked at, the latest.
MOST_ROWS = 10_000
#: Fewer texts tell nothing of a model.
LEAST_TEXTS = 10


class BenchText(NamedTuple):
    """A confirmed row of a text, and the number of confirmed rows before it that the links are taught."""

    row: int
    confirmed: LabeledQuestion
    place: int


@dataclass(frozen=True, slots=True)
class BenchAnswer:
    """The answers about one text: of the model, of the other links without it, and of all together; None: none.

    `is_open`: the other links are unsure, so that the model would be asked. The time is in seconds.
    """

    row: int
    right: int
    said: Suggestion | None
    version: str
    without: int | None
    together: int | None
    is_open: bool
    took_s: float

    @property
    def outcome(self) -> ModelOutcome:
        return ModelOutcome(self.right, self.said.category if self.said else None, self.without)

    @property
    def n_tokens(self) -> int:
        """Return the number of tokens that the model read."""
        return int(self.said.details.get("n_prompt_tokens", 0)) if self.said else 0


class BenchFigures(NamedTuple):
    """Right answers about `n` texts."""

    n: int
    n_right: int
    n_right_without: int
    n_right_together: int


class Bench:
    """A measurement of one ledger. `texts` are those to ask about, the latest `n`, oldest first."""

    def __init__(self, *, ledger_id: int, n: int, provider: OllamaProvider) -> None:
        self.ledger_id = ledger_id
        self._provider = provider.for_measuring()
        rows = Transaction.objects.filter(ledger_id=ledger_id, is_split=False).confirmed().order_by("-date", "-id")
        latest = rows.values_list("pk", *TRAINING_COLUMNS, "iban", "category_id", named=True)[:MOST_ROWS]
        catalog = Catalog.load(ledger_id)
        self._confirmed = [
            LabeledQuestion(
                replace(training_question(row, catalog=catalog, trust=NO_TRUST), iban=row.iban), row.category_id
            )
            for row in reversed(latest)
        ]
        ids = [row.pk for row in reversed(latest)]
        first: dict[tuple[str, str], BenchText] = {}
        for place, (pk, one) in enumerate(zip(ids, self._confirmed, strict=True)):
            if text := normalize(one.question.text):
                first.setdefault((one.question.direction, text), BenchText(pk, one, place))
        self.n_texts = len(first)
        self.texts = list(first.values())[-n:]
        self.answers: list[BenchAnswer] = []

    def measure(self) -> Iterator[BenchAnswer]:
        """Ask about each text in turn, and keep the answer. Raise ProviderUnavailable if the model is away."""
        chain = configured_chain().measured
        link = next(link for link in configured_chain().deferred if link.provider.name == self._provider.name)
        link = replace(link, provider=self._provider)
        taught, n_taught = chain.learn([]), 0
        for text in self.texts:
            taught, n_taught = taught.learn(self._confirmed[n_taught : text.place]), text.place
            answer = self._ask(text, taught, link)
            self.answers.append(answer)
            yield answer

    def _ask(self, text: BenchText, taught: Chain, link: Link) -> BenchAnswer:
        known, (question, right) = self._confirmed[: text.place], text.confirmed
        trust = Trust(
            n_confirmed=text.place, used=frozenset(category for _, category in known), records=(self.record(),)
        )
        question = replace(question, trust=trust)
        [before] = taught.decide([question])
        latest = (
            (one.question.description, one.category, one.question.iban) for one in reversed(known[-EXAMPLES_AMONG:])
        )
        [asked] = with_examples([replace(question, candidates=candidates_of(before))], latest=latest)
        started = time.perf_counter()
        [said] = self._provider.categorize_many([asked])
        took_s = time.perf_counter() - started
        attempt = link.attempt(said, question)
        [after] = configured_chain().hear([before], [Verdict((attempt,))], [question])
        return BenchAnswer(
            row=text.row,
            right=right,
            said=attempt.suggestion,
            version=attempt.version,
            without=_category(before),
            together=_category(after),
            is_open=before.decided is None,
            took_s=took_s,
        )

    def record(self) -> AnswerRecord:
        """Return the record that the answers so far make: of texts that the model would be asked about."""
        outcomes = [one.outcome for one in self.answers if one.is_open]
        return record_of(outcomes, link=self._provider.name, digest=self._digest())

    def figures(self, *, is_open_only: bool = False) -> BenchFigures:
        """Count right answers, of all texts or of those that the other links are unsure about."""
        counted = [one for one in self.answers if one.is_open or not is_open_only]
        return BenchFigures(
            len(counted),
            sum(one.outcome.said == one.right for one in counted),
            sum(one.without == one.right for one in counted),
            sum(one.together == one.right for one in counted),
        )

    @property
    def seconds(self) -> float:
        """Return the median of the seconds that an answer took."""
        return statistics.median(one.took_s for one in self.answers)

    @property
    def n_tokens(self) -> int:
        """Return the median number of tokens that the model read for a text."""
        return round(statistics.median(one.n_tokens for one in self.answers))

    def store(self) -> int:
        """Keep the answers as the model's record in the ledger. Return how many."""
        now = timezone.now()
        answers = [
            ModelAnswer(
                transaction_id=one.row,
                ledger_id=self.ledger_id,
                link=self._provider.name,
                digest=digest_of_answer(one.said, one.version),
                category_id=one.said.category,
                confidence=one.said.confidence,
                category_without_id=one.without,
                answered_at=now,
            )
            for one in self.answers
            if one.is_open and one.said is not None and one.said.category is not None
        ]
        with transaction.atomic():
            lock_ledger(self.ledger_id)
            there = set(
                Transaction.objects.filter(pk__in=[one.transaction_id for one in answers]).values_list("pk", flat=True)
            )
            kept = [one for one in answers if one.transaction_id in there]
            if kept:
                store_answers(kept)
                refresh_records(ledger_id=self.ledger_id)
        return len(kept)

    def _digest(self) -> str:
        said: Sequence[Any] = [one for one in self.answers if one.said is not None]
        return digest_of_answer(said[-1].said, said[-1].version) if said else ""


def _category(verdict: Verdict) -> int | None:
    best = verdict.best
    return best.suggestion.category if best is not None and best.suggestion is not None else None
