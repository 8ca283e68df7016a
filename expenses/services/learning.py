"""Learning from a ledger's confirmed rows: measures the links, and trains the classifier.

Only reads rows, so nobody waits for it; what comes of it is stored as a whole. Done twice, it comes to the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.classifier import LearnedProvider
from expenses.categorization.comparison import PairedComparison, compare
from expenses.categorization.model_record import read_records
from expenses.categorization.own_names import OwnText, digest_of_texts, texts_of
from expenses.categorization.replay import Claims, claims_by_link, recorded_claims, replay
from expenses.categorization.training_rows import READING, count_confirmed, read_confirmed, stamp_of_confirmed
from expenses.hooks import EditHook
from expenses.models import Change, Classifier, ConfirmedTexts, Ledger, Run, TrackRecord
from expenses.services.deferred import ask_open_rows_again
from expenses.services.journal import CHOICE_FIELDS
from expenses.services.ledger_lock import make_room
from expenses.services.ledger_queue import LEARN_FROM_CHOICES
from providers.answer_record import AnswerRecord
from providers.calibration import (
    LEAST_OUTCOMES,
    NO_CORRECTION,
    Correction,
    Reliability,
    fit_correction,
    log_odds,
    measure_reliability,
)
from providers.chain import POOL, Link
from providers.interface import LabeledQuestion
from providers.learning.provider import LEAST_CONFIRMED, TaughtProvider
from providers.learning.training import MOST, share_of_system, train
from providers.learning.weights import Weights, digest_of
from providers.loading import configured_chain

#: Beyond the id of any row.
FROM_THE_LATEST = 2**63 - 1
#: The links are measured anew when so many times as many rows are confirmed, or the share fewer.
GROWTH = 1.1
#: Confirmed rows that the links are measured on: the latest. Earlier ones are known, and not asked about.
MOST_MEASURED = 2_000


@dataclass(frozen=True, slots=True)
class ReplayMeasures:
    """The links' reliability when the history is replayed, and the chain's answers with and without the classifier.

    `links` and `corrections` have the pool under its name `POOL`, beside the links.
    """

    links: dict[str, Reliability]
    corrections: dict[str, Correction]
    comparison: PairedComparison


@dataclass(frozen=True, slots=True)
class LearningResult:
    """The result of learning; `weights` is None if there are too few rows to learn from.

    `used` are the ids of the categories that confirmed rows have, `records` those of deferred links.
    """

    n_confirmed: int
    used: frozenset[int]
    names: Sequence[OwnText]
    measured: ReplayMeasures | None
    weights: Weights | None
    records: Sequence[AnswerRecord]


def learn(*, ledger_id: int, is_forced: bool = False, is_rehearsal: bool = False) -> LearningResult | None:
    """Learn what was confirmed since the last time; None where nothing was, or the ledger is gone.

    `is_forced`: whatever was known before. A rehearsal stores nothing.
    """
    started = time.monotonic()
    version = Ledger.objects.filter(pk=ledger_id).values_list("version", flat=True).first()
    if version is None:
        return None
    stamp = stamp_of_confirmed(ledger_id)
    record = TrackRecord.objects.filter(pk=ledger_id).first() or TrackRecord(ledger_id=ledger_id)
    if stamp == record.learned_from and not is_forced:
        return None
    catalog = Catalog.load(ledger_id)
    confirmed = read_confirmed(catalog=catalog, most=MOST)
    n = count_confirmed(ledger_id=ledger_id)
    is_read_otherwise = not record.learned_from.startswith(READING)
    has_changed_much = not record.n_measured / GROWTH < n < max(record.n_measured, 1) * GROWTH
    measured = None
    if is_forced or is_read_otherwise or has_changed_much:
        deferred = {link.provider.name for link in configured_chain().deferred}
        measured = measure(confirmed, recorded_claims(catalog=catalog, links=deferred, most=MOST))
    used = frozenset(category for _, category in confirmed)
    records = read_records(ledger_id=ledger_id)
    learned = LearningResult(n, used, texts_of(confirmed), measured, _train(confirmed), records)
    took_s = time.monotonic() - started
    if is_rehearsal or _store(ledger_id, learned, stamp=stamp, version=version, took_s=took_s):
        return learned
    return None


def measure(confirmed: Sequence[LabeledQuestion], recorded: Claims) -> ReplayMeasures:
    """Play the latest of the history again, with the classifier and without it.

    `recorded` is what links said that cannot be played again.
    """
    chain = configured_chain()
    known, asked = confirmed[:-MOST_MEASURED], confirmed[-MOST_MEASURED:]
    replayed = list(replay(chain, asked, known=known))
    without = replay(chain.replacing(TaughtProvider(is_fixed=True)), asked, known=known)
    claims = {**claims_by_link(replayed), **recorded}
    corrections = {
        link.provider.name: fit_correction(claims[link.provider.name], expected=_expected(link, confirmed))
        for link in chain.links
        if link.provider.is_measured and link.provider.name in claims
    }
    if POOL in claims:
        # Without a classifier, the pool knows none of the categories that people made.
        doubt = _doubt_about_own_categories(confirmed) if len(confirmed) < LEAST_CONFIRMED else 0.0
        corrections[POOL] = fit_correction(claims[POOL], expected=doubt)
    links = {}
    for name, claimed in claims.items():
        if len(claimed) >= LEAST_OUTCOMES:
            correction = corrections.get(name, NO_CORRECTION)
            corrected = [claim._replace(confidence=correction.apply(claim.confidence)) for claim in claimed]
            links[name] = measure_reliability(corrected)
    pairs = ((one.is_right, other.is_right) for one, other in zip(replayed, without, strict=True))
    return ReplayMeasures(links, corrections, compare(pairs))


def _expected(link: Link, confirmed: Sequence[LabeledQuestion]) -> float:
    """The doubt, in log-odds, about a link that does not learn: it knows none of the categories that people made.

    Half of the choices in categories of the system are enough to have none. A model is told of all categories.
    """
    if link.is_deferred or link.provider.learn([]) is not link.provider:
        return 0.0
    return _doubt_about_own_categories(confirmed)


def _doubt_about_own_categories(confirmed: Sequence[LabeledQuestion]) -> float:
    return min(0.0, log_odds(share_of_system(confirmed)))


def _train(confirmed: Sequence[LabeledQuestion]) -> Weights | None:
    providers = [link.provider for link in configured_chain().links]
    asked = next((provider for provider in providers if isinstance(provider, LearnedProvider)), None)
    if asked is None or len(confirmed) < LEAST_CONFIRMED:
        return None
    return train(confirmed, country=asked.country)


def _store(ledger_id: int, learned: LearningResult, *, stamp: str, version: int, took_s: float) -> bool:
    """Store what was learned, and have open rows asked about again. Return False if the ledger is gone."""
    now, measured, weights = timezone.now(), learned.measured, learned.weights
    record: dict[str, Any] = {
        "learned_from": stamp,
        "learned_at": now,
        "learned_for_s": took_s,
        "n_confirmed": learned.n_confirmed,
        "used": sorted(learned.used),
        "answer_records": [list(one) for one in learned.records],
        "asking_before": FROM_THE_LATEST,
        "asking_since": now,
    }
    figures: dict[str, Any] = {}
    if measured is not None:
        record |= {
            "links": {
                name: {**reliability._asdict(), "bins": [part._asdict() for part in reliability.bins]}
                for name, reliability in measured.links.items()
            },
            "corrections": {name: list(correction) for name, correction in measured.corrections.items()},
            "n_measured": learned.n_confirmed,
            "measured_at": now,
            "measured_version": version,
        }
        compared = measured.comparison._asdict()
        figures = {"n_compared": compared.pop("n"), **compared, "is_of_use": measured.comparison.is_of_use}
    with transaction.atomic():
        if not Ledger.objects.select_for_update().filter(pk=ledger_id).exists():
            return False
        TrackRecord.objects.update_or_create(pk=ledger_id, defaults=record)
        texts = {"digest": digest_of_texts(learned.names), "texts": learned.names}
        ConfirmedTexts.objects.update_or_create(ledger_id=ledger_id, defaults=texts)
        if weights is None:
            Classifier.objects.filter(pk=ledger_id).delete()
        else:
            content = weights.to_bytes()
            figures |= {"digest": digest_of(content), "content": content, "n_confirmed": weights.n_confirmed}
            Classifier.objects.update_or_create(ledger_id=ledger_id, defaults=figures | {"trained_at": now})
    return True


def ask_some_again(*, ledger_id: int, n_batches: int) -> bool:
    """Ask about open rows again where that was left off, a few batches of them. Returns whether more are left.

    Whoever learns or changes keywords meanwhile has it begin with the latest row again.
    """
    for _ in range(n_batches):
        record = TrackRecord.objects.filter(pk=ledger_id).first()
        if record is None or record.asking_before is None:
            return False
        after = ask_open_rows_again(ledger_id=ledger_id, before=record.asking_before)
        TrackRecord.objects.filter(pk=ledger_id, asking_since=record.asking_since).update(asking_before=after)
        make_room()
    return TrackRecord.objects.filter(pk=ledger_id, asking_before__isnull=False).exists()


def ask_all_again(*, ledger_id: int) -> None:
    """Have all open rows asked about again in the background, within a write: their owner has new keywords."""
    from_the_latest = {"asking_before": FROM_THE_LATEST, "asking_since": timezone.now()}
    TrackRecord.objects.update_or_create(pk=ledger_id, defaults=from_the_latest)
    LEARN_FROM_CHOICES.queue(ledger_id)


class LearningHook(EditHook):
    """Queues the task that learns when users confirm or correct categories, or take that back."""

    name = "learning"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        telling = Q(*((("fields__has_key", name)) for name in CHOICE_FIELDS), _connector=Q.OR)
        if Change.objects.filter(telling, ledger_id=ledger_id, version=version).exists():
            LEARN_FROM_CHOICES.queue(ledger_id)
        return False

    def after_confirmations(self, *, ledger_id: int) -> None:
        LEARN_FROM_CHOICES.queue(ledger_id)
