"""The record of the model in a ledger: its answers about rows that are confirmed now, beside those without it.

A text counts once, however many rows have it: by its latest answer. The latest 300 texts count. Another build of the
model begins without a record.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max

from expenses.categorization.comparison import HelpVerdict, PairedComparison, compare
from expenses.models import ModelAnswer
from providers.answer_record import AnswerRecord
from providers.calibration import LEAST_OUTCOMES

#: Answers that are looked at: the latest. Builds that did not give one of them have no record.
MOST_ANSWERS = 2_000
#: Texts that a record is of: the latest, so that a model that has become better soon shows it.
MOST_TEXTS = 300
_COLUMNS = (
    "link", "digest", "transaction__direction", "transaction__match_text", "transaction_id",
    "transaction__category_id", "category_id", "category_without_id",
)  # fmt: skip


class ModelOutcome(NamedTuple):
    """The right category of a text, that of the model, and that of the chain without it; None: none."""

    right: int
    said: int | None
    without: int | None


def read_records(*, ledger_id: int) -> list[AnswerRecord]:
    """Return the record of every link and build that answered, the one that answered last first. Two queries."""
    answers = ModelAnswer.objects.filter(ledger_id=ledger_id)
    confirmed = answers.filter(
        transaction__deleted_at=None,
        transaction__is_split=False,
        transaction__review_status="confirmed",
        transaction__category__isnull=False,
    )
    outcomes: dict[tuple[str, str], dict[Hashable, ModelOutcome]] = defaultdict(dict)
    latest = confirmed.order_by("-answered_at", "-transaction_id").values_list(*_COLUMNS)
    for link, digest, direction, text, row, right, said, without in latest[:MOST_ANSWERS]:
        of_build = outcomes[link, digest]
        if len(of_build) < MOST_TEXTS:
            of_build.setdefault((direction, text) if text else row, ModelOutcome(right, said, without))
    builds = answers.order_by().values_list("link", "digest").annotate(last=Max("answered_at"))
    newest_first: list[tuple[str, str, datetime]] = sorted(builds, key=lambda build: build[2], reverse=True)
    return [record_of(outcomes[link, digest].values(), link=link, digest=digest) for link, digest, _ in newest_first]


def record_of(outcomes: Iterable[ModelOutcome], *, link: str, digest: str) -> AnswerRecord:
    """Return the record that outcomes make. Fewer than 30 of them never take the model out of use."""
    counted = list(outcomes)
    compared = compare_model(counted)
    n = len(counted)
    said, right = Counter(one.said for one in counted), Counter(one.right for one in counted)
    return AnswerRecord(
        link=link,
        digest=digest,
        n=n,
        n_right=compared.n_right,
        n_right_without=compared.n_right_without,
        n_gained=compared.n_gained,
        n_lost=compared.n_lost,
        by_chance=round(sum(said[category] * right[category] for category in right) / n**2, 6) if n else 0.0,
        is_of_use=n < LEAST_OUTCOMES or compared.verdict is not HelpVerdict.NO_HELP,
    )


def compare_model(outcomes: Sequence[ModelOutcome]) -> PairedComparison:
    """Compare the answers of the model alone with those of the chain without it."""
    return compare((one.said == one.right, one.without == one.right) for one in outcomes)


def with_build(records: Sequence[AnswerRecord], *, link: str, digest: str) -> list[AnswerRecord]:
    """Return the records with those of a build first: it has just answered."""
    own = [one for one in records if (one.link, one.digest) == (link, digest)]
    return [*(own or [AnswerRecord(link, digest)]), *(one for one in records if one not in own)]
