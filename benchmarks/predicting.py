"""Predicts the rows after the first N of a file, as an instance would on which those N were confirmed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from benchmarks.baselines import BASELINES
from benchmarks.labeled_files import LabeledFile, LabeledRow
from providers.calibration import JudgedAnswer, threshold_for
from providers.chain import Chain, Verdict, confidence_of
from providers.interface import NO_TRUST, Question, Trust

#: Rows that are predicted; where fewer than LEAST_ASKED are left, nothing is said.
MOST_ASKED = 500
LEAST_ASKED = 60
PRECISION = 0.95
RULES, LEARNED = "rules", "learned"


class Answered(NamedTuple):
    """A predicted row: what would be shown of it. `is_new`: no confirmed row has its normalized text."""

    is_new: bool
    is_shown: bool
    is_decided: bool
    is_right: bool
    confidence: float


class Prediction(NamedTuple):
    """The rows after `n` confirmed ones; the threshold that the past alone names; right or not of each baseline."""

    n: int
    answers: list[Answered]
    threshold: float | None
    baselines: dict[str, list[bool]]


class Taught(NamedTuple):
    """The chain that has learned, what is known of its links, and the threshold for PRECISION on the past."""

    chain: Chain
    trust: Trust
    threshold: float | None


def predict(file: LabeledFile, n: int) -> Prediction | None:
    """None where too few rows are left."""
    confirmed, asked = file.rows[:n], file.rows[n : n + MOST_ASKED]
    if len(asked) < LEAST_ASKED:
        return None
    taught = teach(confirmed)
    verdicts = taught.chain.decide(trusting([row.question for row in asked], taught.trust))
    known = {row.text for row in confirmed}
    answers = [_answered(row, verdict, known) for row, verdict in zip(asked, verdicts, strict=True)]
    return Prediction(n, answers, taught.threshold, _right_answers(confirmed, asked))


def teach(confirmed: Sequence[LabeledRow]) -> Taught:
    """What the product learns of these rows: see `expenses.services.learning` and `expenses.trust`."""
    from expenses.categorization.replay import replay
    from expenses.services.learning import measure

    chain, history = product_chain(), [row.confirmed for row in confirmed]
    if not confirmed:
        return Taught(chain.learn([]), NO_TRUST, None)
    measured = measure(history, {})
    trust = Trust(corrections=measured.corrections)
    chain = chain if measured.is_of_use else chain.without(LEARNED)
    trusted = [one._replace(question=replace(one.question, trust=trust)) for one in history]
    shown = [one for one in replay(chain, trusted) if one.verdict.best]
    past = [JudgedAnswer(confidence_of(one.verdict.best), one.is_right) for one in shown]
    return Taught(chain.learn(history), trust, threshold_for(past, precision=PRECISION))


def product_chain() -> Chain:
    """The configured links, less the rules that somebody wrote."""
    from providers.loading import configured_chain

    return configured_chain().without(RULES)


def trusting(questions: Sequence[Question], trust: Trust) -> list[Question]:
    """The same questions with what is known of the links."""
    return [replace(question, trust=trust) for question in questions]


def _answered(row: LabeledRow, verdict: Verdict, known: set[str]) -> Answered:
    best = verdict.best
    return Answered(
        is_new=row.text not in known,
        is_shown=best is not None,
        is_decided=verdict.decided is not None,
        is_right=best is not None and best.suggestion is not None and best.suggestion.category in row.right,
        confidence=confidence_of(best),
    )


def _right_answers(confirmed: Sequence[LabeledRow], asked: Sequence[LabeledRow]) -> dict[str, list[bool]]:
    """Whether each answer of each baseline is right; nothing where nobody confirmed anything."""
    if not confirmed:
        return {}
    return {
        name: [answer in row.right for answer, row in zip(answers(confirmed, asked), asked, strict=True)]
        for name, answers in BASELINES.items()
    }
