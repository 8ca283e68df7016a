"""Plays a history again: what the chain would have said of each confirmed row, knowing only those before it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from providers.calibration import JudgedAnswer
from providers.chain import CLAIMED, Attempt, Chain, Verdict, claimed_confidence
from providers.interface import LabeledQuestion

#: Link → what it claimed before any correction, and whether that was right, in the order of the rows, oldest first.
Claims = Mapping[str, Sequence[JudgedAnswer]]


class Replayed(NamedTuple):
    """A confirmed row and what the chain said of it."""

    confirmed: LabeledQuestion
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """The chain's answer, sure or not, is the owner's."""
        return is_right(self.verdict.best, self.confirmed)


def replay(
    chain: Chain, confirmed: Sequence[LabeledQuestion], *, known: Sequence[LabeledQuestion] = ()
) -> Iterator[Replayed]:
    """Each row after those before it were learned, oldest first; links that only a task may ask are left out.

    `known` are learned before the first is asked about.
    """
    taught = chain.learn(known)
    for one in confirmed:
        [verdict] = taught.decide([one.question])
        yield Replayed(one, verdict)
        taught = taught.learn([one])


def is_right(attempt: Attempt | None, confirmed: LabeledQuestion) -> bool:
    """The attempt named the owner's category."""
    return attempt is not None and attempt.suggestion is not None and attempt.suggestion.category == confirmed.category


def claims_by_link(replayed: Sequence[Replayed]) -> Claims:
    """By the name of each link that named a category where it was asked."""
    claims: dict[str, list[JudgedAnswer]] = defaultdict(list)
    for confirmed, verdict in replayed:
        for attempt in verdict.attempts:
            said = attempt.suggestion
            if said is not None and said.category is not None:
                claims[attempt.provider].append(JudgedAnswer(claimed_confidence(said), is_right(attempt, confirmed)))
    return claims


def recorded_claims(*, catalog: Catalog, links: Collection[str], most: int) -> Claims:
    """What these links claimed of confirmed rows, oldest first; of more than `most` rows the latest. One query.

    Attempts name the category as it was called then: renamed since, it counts where the answer itself was confirmed.
    """
    if not links:
        return {}
    rows = Transaction.objects.filter(ledger_id=catalog.ledger_id, is_split=False, decision__isnull=False).confirmed()
    told = rows.order_by("-date", "-id").values_list("category_id", "category_source", "decision__attempts")
    claims: dict[str, list[JudgedAnswer]] = defaultdict(list)
    for category, source, attempts in reversed(told[:most]):
        name = catalog.name(category)
        for attempt in attempts:
            if attempt["provider"] in links and attempt["category_name"]:
                is_right = attempt["category_name"] == name or attempt["provider"] == source
                claims[attempt["provider"]].append(JudgedAnswer(_claimed(attempt), is_right))
    return claims


def _claimed(attempt: dict[str, Any]) -> float:
    """Before it was corrected."""
    claimed: float = attempt["details"].get(CLAIMED, attempt["confidence"])
    return claimed
