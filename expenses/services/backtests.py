"""Backtests: runs that replay a ledger's confirmed rows, and write nothing but their result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from expenses.categorization.backtest_figures import (
    NEVER,
    BestAnswer,
    LinkAnswer,
    LinkSetting,
    ReplayedRow,
    count_outcomes,
    measure_backtest,
)
from expenses.categorization.catalog import Catalog
from expenses.categorization.replay import replay
from expenses.categorization.training_rows import count_confirmed, read_confirmed
from expenses.models import BacktestResult, Classifier, Ledger, Run
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, lock_ledger
from expenses.services.runs import UNFINISHED, Work, advance, begin_run, queue_run
from providers.calibration import LEAST_OUTCOMES
from providers.chain import ALONE, Chain
from providers.interface import LabeledQuestion, Suggestion
from providers.learning.provider import TaughtProvider
from providers.learning.training import MOST
from providers.loading import configured_chain
from providers.normalization import normalize

KIND = "backtest"
#: So many orders of one ledger wait or run at a time.
MOST_AT_ONCE = 3
#: Rows between two signs of life.
CHUNK = 20


@dataclass(frozen=True, slots=True)
class BacktestOrder:
    """Confirmed rows of the days `start` to `end` are asked about, and this share of right answers is wanted."""

    start: date | None = None
    end: date | None = None
    target_precision: float = 0.95

    def as_json(self) -> dict[str, Any]:
        """Return the order as the run keeps it."""
        days = {"from": self.start, "to": self.end}
        told = {name: day.isoformat() if day else None for name, day in days.items()}
        return {**told, "target_precision": self.target_precision}

    @classmethod
    def of(cls, run: Run) -> "BacktestOrder":
        """Return the order of a run."""
        start, end = (date.fromisoformat(day) if day else None for day in (run.about["from"], run.about["to"]))
        return cls(start, end, run.about["target_precision"])


def order_backtest(*, by: User, order: BacktestOrder) -> Run:
    """Return the run of an order: one of the same order that has not ended, or else a new one, which is begun.

    With too few transactions the new run fails at once and says so; any other waits for a worker. Raises Refusal while
    too many others wait or run.
    """
    ledger_id = ledger_id_of(by)
    with transaction.atomic():
        lock_ledger(ledger_id)
        unfinished: list[Run] = list(Run.objects.filter(ledger_id=ledger_id, kind=KIND, status__in=UNFINISHED))
        for other in unfinished:
            if BacktestOrder.of(other) == order:
                return other
        if len(unfinished) >= MOST_AT_ONCE:
            detail = f"{len(unfinished)} other backtests have not ended yet; wait for them, or cancel one."
            raise Refusal(detail, code="too_many")
        n = min(count_confirmed(ledger_id=ledger_id, start=order.start, end=order.end), MOST)
        run: Run = Run.objects.create(ledger_id=ledger_id, user=by, kind=KIND, total=n, about=order.as_json())
    if run.total < LEAST_OUTCOMES:
        return begin_run(run)
    queue_run(run)
    return run


class BacktestWork(Work):
    """Asks about each row what the chain would have said, knowing only those before it."""

    starts_over = True
    is_revertible = False
    #: After imports and answers; before proposals and learning, which no request waits for.
    priority = -15

    def perform(self, run: Run) -> None:
        order = BacktestOrder.of(run)
        catalog = Catalog.load(run.ledger_id)
        chain = configured_chain()
        if not catalog.trust.classifier and Classifier.objects.filter(pk=catalog.ledger_id).exists():
            chain = chain.replacing(TaughtProvider(is_fixed=True))  # the ledger's classifier has been of no use
        chain = chain.learn([])
        # Before the rows are read, so that whatever changes meanwhile is later.
        measured_at = timezone.now().isoformat().replace("+00:00", "Z")
        version = Ledger.objects.values_list("version", flat=True).get(pk=run.ledger_id)
        n_confirmed = count_confirmed(ledger_id=run.ledger_id)
        known, asked = _read(catalog, chain, order)
        if (n := len(asked)) < LEAST_OUTCOMES:
            where = " in these days" if order.start or order.end else ""
            more = "confirm more, or name more days" if where else "confirm more, such as those in review/"
            are = "1 transaction is" if n == 1 else f"{n or 'no'} transactions are"
            detail = f"A backtest needs {LEAST_OUTCOMES} confirmed transactions, and {are} confirmed{where}: {more}."
            raise Refusal(detail, code="too_few")
        # Rows may have been confirmed since it was ordered.
        Run.objects.filter(pk=run.pk, claim=run.claim).update(total=n)
        rows = _play(run, chain, known, asked)
        links = link_settings(chain)
        figures = measure_backtest(rows, links=links, trust=catalog.trust, target_precision=order.target_precision)
        outcomes = count_outcomes(rows, links=links)
        days = [one.question.date and one.question.date.isoformat() for one in (asked[0], asked[-1])]
        as_of = {"measured_at": measured_at, "ledger_version": version, "n_confirmed": n_confirmed}
        body = {"n": len(rows), "from": days[0], "to": days[1], **as_of, **figures}
        with transaction.atomic():
            advance(run, n_rows=len(rows) % CHUNK)
            BacktestResult.objects.update_or_create(run=run, defaults={"body": body, "outcomes": outcomes})


def link_settings(chain: Chain) -> list[LinkSetting]:
    """Return the chain's links with the thresholds of the settings; an answer of a rule is always taken."""
    return [
        LinkSetting(link.provider.name, link.min_confidence, is_fixed=not link.provider.is_measured)
        for link in chain.links
    ]


def _read(catalog: Catalog, chain: Chain, order: BacktestOrder) -> tuple[list[LabeledQuestion], list[LabeledQuestion]]:
    """The rows before the first day, which are known, and those that are asked about, oldest first."""
    # The next link is always asked, too.
    everything = {link.provider.name: NEVER for link in chain.links if link.provider.is_measured}
    trust = replace(catalog.trust, thresholds=everything, evidence_thresholds={})
    confirmed = read_confirmed(catalog=catalog, end=order.end, most=MOST, trust=trust)
    first = order.start or date.min
    before = [one for one in confirmed if (one.question.date or first) < first]
    return before, confirmed[len(before) :]


def _play(
    run: Run, chain: Chain, known: Sequence[LabeledQuestion], asked: Sequence[LabeledQuestion]
) -> list[ReplayedRow]:
    rows: list[ReplayedRow] = []
    seen = {_text(one) for one in known}
    for replayed in replay(chain, asked, known=known):
        verdict = replayed.verdict
        answers = {
            attempt.provider: _answer_alone(attempt.suggestion, replayed.confirmed)
            for attempt in verdict.attempts
            if attempt.suggestion is not None and attempt.suggestion.category is not None
        }
        best = None
        if verdict.decided is None and not verdict.is_final and (attempt := verdict.best) and attempt.suggestion:
            evidence, confidence = str(attempt.suggestion.evidence), attempt.suggestion.confidence
            best = BestAnswer(attempt.provider, evidence, confidence, replayed.is_right)
        text = _text(replayed.confirmed)
        rows.append(ReplayedRow(answers, is_new=text not in seen, text=text, best=best))
        seen.add(text)
        if len(rows) % CHUNK == 0:
            with transaction.atomic():
                advance(run, n_rows=CHUNK)
    return rows


def _answer_alone(suggestion: Suggestion, confirmed: LabeledQuestion) -> LinkAnswer:
    """Return what the link said by itself, also where its attempt holds the answer of all links together."""
    category, confidence = suggestion.category, suggestion.details.get(ALONE, suggestion.confidence)
    if ALONE in suggestion.details and suggestion.support:
        category, _ = max(suggestion.support, key=lambda pair: pair[1])
    return LinkAnswer(
        confidence,
        category == confirmed.category,
        is_final=suggestion.final,
        evidence=str(suggestion.evidence),
        is_pooled=suggestion.is_pooled,
    )


def _text(confirmed: LabeledQuestion) -> tuple[str, str]:
    return confirmed.question.direction, normalize(confirmed.question.text)
