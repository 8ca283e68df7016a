"""How far a ledger trusts the links of the chain: measured corrections, chosen thresholds, and its own classifier."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import connection

from providers.answer_record import AnswerRecord
from providers.calibration import Correction
from providers.chain import Link
from providers.interface import NO_TRUST, Trust
from providers.loading import CacheBreaker, configured_chain

#: Written out, because nearly every write asks it and composing it took longer than answering it.
TRUST_QUERY = """
    SELECT record.corrections, record.thresholds, record.evidence_thresholds, record.used,
        record.answer_records, record.n_confirmed, COALESCE(classifier.digest, ''), COALESCE(own.digest, '')
    FROM expenses_trackrecord AS record
    LEFT JOIN expenses_classifier AS classifier ON classifier.ledger_id = record.ledger_id AND classifier.is_of_use
    LEFT JOIN expenses_confirmedtexts AS own ON own.ledger_id = record.ledger_id
    WHERE record.ledger_id = %s
"""


def load_trust(ledger_id: int | None) -> Trust:
    """Return the trust of a ledger, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(TRUST_QUERY, [ledger_id])
        found = cursor.fetchone()
    if found is None:
        return NO_TRUST
    # The driver of a database returns JSON as text or as objects.
    corrections, thresholds, of_evidence, used, records = (
        json.loads(json_) if isinstance(json_, str) else json_ for json_ in found[:5]
    )
    return Trust(
        corrections={name: Correction(*values) for name, values in corrections.items()},
        thresholds=thresholds,
        evidence_thresholds=of_evidence,
        used=frozenset(used),
        n_confirmed=found[5],
        classifier=found[6],
        names=found[7],
        records=tuple(AnswerRecord(*values) for values in records),
    )


@dataclass(frozen=True)
class LedgerLink:
    """A link of the configured chain with the threshold that the ledger has chosen for it, if any."""

    link: Link
    #: Dotted path of the provider's class, as in the settings.
    backend: str
    own_threshold: float | None
    #: The record of a deferred link in the ledger; None for an immediate one.
    record: AnswerRecord | None

    @property
    def name(self) -> str:
        return self.link.provider.name

    @property
    def threshold(self) -> float:
        return self.link.min_confidence if self.own_threshold is None else self.own_threshold

    @property
    def is_own(self) -> bool:
        return self.own_threshold is not None

    @cached_property
    def breaker(self) -> dict[str, Any]:
        return CacheBreaker().describe(self.name)

    @property
    def health(self) -> str:
        return "failing" if self.breaker["n_failures"] else "ok"


def ledger_links(trust: Trust) -> list[LedgerLink]:
    """Return the links in the chain's order, with the thresholds of a ledger."""
    own = trust.thresholds
    entries = zip(configured_chain().links, settings.CATEGORIZATION_PROVIDERS, strict=True)
    return [
        LedgerLink(
            link,
            entry["BACKEND"],
            own.get(link.provider.name),
            trust.record(link.provider.name) if link.is_deferred else None,
        )
        for link, entry in entries
    ]
