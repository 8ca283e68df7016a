"""Prediction of the rows after the first N of a file, by an instance with those N confirmed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from benchmarks.baselines import BASELINES
from benchmarks.labeled_files import LabeledFile, LabeledRow
from providers.calibration import JudgedAnswer
from providers.chain import Chain, Verdict, confidence_of
from providers.interface import NO_TRUST, Question, Trust
from providers.precision import threshold_for

#: Limit on predicted rows, and the number below which none are predicted.
MOST_ASKED = 500
LEAST_ASKED = 60
PRECISION = 0.95
RULES = "rule"


class PredictedRow(NamedTuple):
    """Outcome of a predicted row. `is_new` means that no confirmed row has its normalized text."""

    is_new: bool
    is_shown: bool
    is_decided: bool
    is_right: bool
    confidence: float


class Prediction(NamedTuple):
    """Outcomes of the rows after `n` confirmed ones, the threshold of the past, and the baselines' right answers."""

    n: int
    answers: list[PredictedRow]
    threshold: float | None
    baselines: dict[str, list[bool]]


class TrainedChain(NamedTuple):
    """Trained chain, the trust in its links, and the threshold for PRECISION on the past."""

    chain: Chain
    trust: Trust
    threshold: float | None


def predict(file: LabeledFile, n: int) -> Prediction | None:
    """Predict the rows after the first `n`; None if too few rows are left."""
    confirmed, asked = file.rows[:n], file.rows[n : n + MOST_ASKED]
    if len(asked) < LEAST_ASKED:
        return None
    trained = train(confirmed)
    verdicts = trained.chain.decide(trusting([row.question for row in asked], trained.trust))
    known = {row.text for row in confirmed}
    answers = [_answered(row, verdict, known) for row, verdict in zip(asked, verdicts, strict=True)]
    return Prediction(n, answers, trained.threshold, _right_answers(confirmed, asked))


def train(confirmed: Sequence[LabeledRow]) -> TrainedChain:
    """Train the product on confirmed rows, as `expenses.services.learning` does."""
    from expenses.categorization.replay import replay
    from expenses.services.learning import measure
    from providers.learning.provider import TaughtProvider

    chain, history = product_chain(), [row.confirmed for row in confirmed]
    if not confirmed:
        return TrainedChain(chain.learn([]), NO_TRUST, None)
    measured = measure(history, {})
    used = frozenset(category for _, category in history)
    trust = Trust(corrections=measured.corrections, n_confirmed=len(history), used=used)
    chain = chain if measured.comparison.is_of_use else chain.replacing(TaughtProvider(is_fixed=True))
    trusted = [one._replace(question=replace(one.question, trust=trust)) for one in history]
    shown = [one for one in replay(chain, trusted) if one.verdict.best]
    past = [JudgedAnswer(confidence_of(one.verdict.best), one.is_right) for one in shown]
    return TrainedChain(chain.learn(history), trust, threshold_for(past, precision=PRECISION))


def product_chain() -> Chain:
    """Return the configured chain without rules."""
    from providers.loading import configured_chain

    return configured_chain().without(RULES)


def trusting(questions: Sequence[Question], trust: Trust) -> list[Question]:
    """Return the questions with the trust in the links."""
    return [replace(question, trust=trust) for question in questions]


def _answered(row: LabeledRow, verdict: Verdict, known: set[str]) -> PredictedRow:
    best = verdict.best
    return PredictedRow(
        is_new=row.text not in known,
        is_shown=best is not None,
        is_decided=verdict.decided is not None,
        is_right=best is not None and best.suggestion is not None and best.suggestion.category in row.right,
        confidence=confidence_of(best),
    )


def _right_answers(confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> dict[str, list[bool]]:
    """Return a flag for each right answer of each baseline; {} without confirmed rows."""
    if not confirmed:
        return {}
    return {
        name: [answer in row.right for answer, row in zip(answers(confirmed, asked), asked, strict=True)]
        for name, answers in BASELINES.items()
    }
