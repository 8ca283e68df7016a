"""Writes of thresholds: the confidence from which a ledger takes the answers of a link, or of a kind of evidence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from accounts.models import User
from expenses.categorization.trust import LedgerLink, ledger_links, load_trust
from expenses.models import BacktestResult, Ledger, Run, RunStatus, TrackRecord
from expenses.models.ledgers import ledger_id_of
from expenses.querysets import OwnedQuerySet
from expenses.services.ledger_lock import ledger_write, write_nothing
from providers.chain import Link
from providers.interface import Evidence
from providers.loading import configured_chain

#: The kinds of evidence that a threshold can hold for; an answer of a rule is always taken.
ADJUSTABLE_EVIDENCE = tuple(evidence for evidence in Evidence if evidence != Evidence.RULE)


def adjustable_links() -> Sequence[Link]:
    """The links whose thresholds are the owner's to choose; an answer of a rule is always taken."""
    return [link for link in configured_chain().links if link.provider.is_measured]


class EvidenceThreshold(NamedTuple):
    """The ledger's own threshold of a kind of evidence; without one, those of the links hold."""

    evidence: str
    threshold: float | None

    @property
    def is_own(self) -> bool:
        return self.threshold is not None


class Thresholds(NamedTuple):
    """Every threshold of a ledger."""

    links: list[LedgerLink]
    evidence: list[EvidenceThreshold]


def thresholds_of(ledger_id: int) -> Thresholds:
    """Return the thresholds of the links that have one, and of all kinds of evidence. One query."""
    trust = load_trust(ledger_id)
    links = [link for link in ledger_links(trust) if link.link.provider.is_measured]
    own = trust.evidence_thresholds
    return Thresholds(links, [EvidenceThreshold(str(kind), own.get(kind)) for kind in ADJUSTABLE_EVIDENCE])


class TakenAnswers(NamedTuple):
    """The number of answers of a backtest that the present thresholds take, and the share of right ones."""

    answered: int
    precision: float | None


class ThresholdMeasures(NamedTuple):
    """The answers that the present thresholds take in the latest backtest, by link and by evidence."""

    result: BacktestResult
    links: dict[str, TakenAnswers]
    evidence: dict[str, TakenAnswers]


def measure_thresholds(*, user: User) -> ThresholdMeasures | None:
    """Measure the present thresholds on the latest backtest. Return None before the first one."""
    result = latest_result(user=user)
    if result is None or not result.outcomes:
        return None
    trust = load_trust(ledger_id_of(user))
    defaults = {link.provider.name: link.min_confidence for link in configured_chain().links}
    taken: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for link, evidence, confidence, n, n_right in result.outcomes:
        is_taken = link in defaults and confidence >= trust.threshold(link, evidence, default=defaults[link])
        for place in (("links", link), ("evidence", evidence)):
            taken[place][0] += n * is_taken
            taken[place][1] += n_right * is_taken
    found: dict[str, dict[str, TakenAnswers]] = {"links": {}, "evidence": {}}
    for (kind, name), (n, n_right) in taken.items():
        found[kind][name] = TakenAnswers(n, round(n_right / n, 4) if n else None)
    return ThresholdMeasures(result, found["links"], found["evidence"])


def set_thresholds(
    *, by: User, links: Mapping[str, float | None], evidence: Mapping[str, float | None] | None = None
) -> None:
    """Take answers of a link, or of a kind of evidence, from this confidence on, in [0, 1]. Safe to repeat.

    None restores: of a link the setting's threshold, of evidence those of its links. What is not named keeps its
    threshold. The names must have been checked.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        if not store_thresholds(ledger_id=ledger_id, version=version, links=links, evidence=evidence or {}):
            write_nothing()


def store_thresholds(
    *, ledger_id: int, version: int, links: Mapping[str, float | None], evidence: Mapping[str, float | None]
) -> bool:
    """Change thresholds within a `ledger_write`. Return False if they are so already."""
    record, _ = TrackRecord.objects.get_or_create(ledger_id=ledger_id)
    before = record.thresholds, record.evidence_thresholds
    record.thresholds = _without_nulls({**record.thresholds, **links})
    record.evidence_thresholds = _without_nulls({**record.evidence_thresholds, **evidence})
    if before == (record.thresholds, record.evidence_thresholds):
        return False
    record.save(update_fields=["thresholds", "evidence_thresholds"])
    Ledger.objects.filter(pk=ledger_id).update(thresholds_version=version)
    return True


def _without_nulls(thresholds: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in thresholds.items() if value is not None}


def finished_backtests(*, user: User) -> OwnedQuerySet:
    """The runs that have found something, with what they found."""
    runs: OwnedQuerySet = Run.objects.for_user(user).filter(status=RunStatus.SUCCEEDED, backtest__isnull=False)
    return runs.select_related("backtest")


def latest_result(*, user: User) -> BacktestResult | None:
    """Return the result of the newest finished backtest."""
    run = finished_backtests(user=user).order_by("-pk").first()
    return run.backtest if run is not None else None
