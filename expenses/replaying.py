"""Plays a history again: what the chain would have said of each confirmed row, knowing only those before it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from providers.calibration import Outcome
from providers.chain import Chain
from providers.interface import Confirmed
from providers.links import claimed_confidence
from providers.verdicts import Attempt, Verdict
from providers.verdicts import Outcome as Ending


class Replayed(NamedTuple):
    """A confirmed row and what the chain said of it."""

    confirmed: Confirmed
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """The chain's answer, sure or not, is the owner's."""
        return is_right(self.verdict.best, self.confirmed)


def replay(chain: Chain, confirmed: Sequence[Confirmed], *, known: Sequence[Confirmed] = ()) -> Iterator[Replayed]:
    """Each row after those before it were learned, oldest first; links that only a task may ask are left out.

    `known` are learned before the first is asked about.
    """
    taught = chain.learn(known)
    for one in confirmed:
        [verdict] = taught.decide([one.question])
        yield Replayed(one, verdict)
        taught = taught.learn([one])


def is_right(attempt: Attempt | None, confirmed: Confirmed) -> bool:
    """The attempt named the owner's category."""
    return attempt is not None and attempt.suggestion is not None and attempt.suggestion.category == confirmed.category


class Answers(NamedTuple):
    """How one link did where it was asked. Outcomes are in the order of the rows; those it was sure of are `taken`."""

    n_asked: int
    claimed: Sequence[Outcome]
    outcomes: Sequence[Outcome]
    taken: Sequence[Outcome]


def answers_by_link(replayed: Sequence[Replayed]) -> Mapping[str, Answers]:
    """By the name of each link that was asked, in the chain's order."""
    asked: dict[str, list[tuple[Attempt, Confirmed]]] = defaultdict(list)
    for confirmed, verdict in replayed:
        for attempt in verdict.attempts:
            asked[attempt.provider].append((attempt, confirmed))
    return {name: _answers(pairs) for name, pairs in asked.items()}


def _answers(pairs: Sequence[tuple[Attempt, Confirmed]]) -> Answers:
    named = [(a, a.suggestion, c) for a, c in pairs if a.suggestion is not None and a.suggestion.category is not None]
    return Answers(
        n_asked=len(pairs),
        claimed=[Outcome(claimed_confidence(said), is_right(a, c)) for a, said, c in named],
        outcomes=[Outcome(said.confidence, is_right(a, c)) for a, said, c in named],
        taken=[Outcome(said.confidence, is_right(a, c)) for a, said, c in named if a.outcome is Ending.ANSWERED],
    )
