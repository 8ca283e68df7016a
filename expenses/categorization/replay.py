"""Replays a ledger's history: the chain's answer to each confirmed row, given only the rows before it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from providers.calibration import JudgedAnswer
from providers.chain import ALONE, CLAIMED, POOL, POOLED, Attempt, Chain, Verdict, claimed_confidence
from providers.interface import LabeledQuestion

#: Link → its uncorrected confidences and whether they were right, in the order of the rows, oldest first.
Claims = Mapping[str, Sequence[JudgedAnswer]]


class ReplayedQuestion(NamedTuple):
    """A confirmed row and the chain's verdict on it."""

    confirmed: LabeledQuestion
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """True if the chain's answer, sure or not, is the owner's."""
        return is_right(self.verdict.best, self.confirmed)


def replay(
    chain: Chain, confirmed: Sequence[LabeledQuestion], *, known: Sequence[LabeledQuestion] = ()
) -> Iterator[ReplayedQuestion]:
    """Ask about each row after the rows before it were learned, oldest first, without deferred links.

    `known` are learned before the first row is asked about.
    """
    taught = chain.learn(known)
    used, n = frozenset(category for _, category in known), len(known)
    for one in confirmed:
        trust = replace(one.question.trust, n_confirmed=n, used=used)
        [verdict] = taught.decide([replace(one.question, trust=trust)])
        yield ReplayedQuestion(one, verdict)
        taught, n = taught.learn([one]), n + 1
        used = used if one.category in used else used | {one.category}


def is_right(attempt: Attempt | None, confirmed: LabeledQuestion) -> bool:
    """Return True if the attempt named the owner's category."""
    return attempt is not None and attempt.suggestion is not None and attempt.suggestion.category == confirmed.category


def claims_by_link(replayed: Sequence[ReplayedQuestion]) -> Claims:
    """Return the claims of the links that named a category, by the name of the link."""
    claims: dict[str, list[JudgedAnswer]] = defaultdict(list)
    for confirmed, verdict in replayed:
        for attempt in verdict.attempts:
            suggestion = attempt.suggestion
            if suggestion is not None and suggestion.category is not None:
                claimed = claimed_confidence(suggestion)
                if POOLED in suggestion.details and attempt is verdict.pooled:
                    claims[POOL].append(JudgedAnswer(suggestion.details[POOLED], is_right(attempt, confirmed)))
                claims[attempt.provider].append(JudgedAnswer(claimed, is_right(attempt, confirmed)))
    return claims


def recorded_claims(*, catalog: Catalog, links: Collection[str], most: int) -> Claims:
    """Return the claims of these links about the latest `most` confirmed rows, oldest first. One query.

    Attempts hold the former name of a category. If it was renamed since, only a confirmed answer counts as right.
    """
    if not links:
        return {}
    rows = Transaction.objects.filter(ledger_id=catalog.ledger_id, is_split=False, decision__isnull=False).confirmed()
    answers = rows.order_by("-date", "-id").values_list("category_id", "category_source", "decision__attempts")
    claims: dict[str, list[JudgedAnswer]] = defaultdict(list)
    for category, source, attempts in reversed(answers[:most]):
        name = catalog.name(category)
        for attempt in attempts:
            if attempt["provider"] in links and attempt["category_name"]:
                is_right = attempt["category_name"] == name or attempt["provider"] == source
                details = attempt["details"]
                claimed = details.get(ALONE, details.get(CLAIMED, attempt["confidence"]))
                claims[attempt["provider"]].append(JudgedAnswer(claimed, is_right))
    return claims
