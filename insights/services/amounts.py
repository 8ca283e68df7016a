"""Statistics of amounts: only what has changed is written."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from insights.anomalies.amount_keys import AmountKey
from insights.anomalies.amount_scores import learn
from insights.models import AmountCalibration, AmountGroup
from insights.services.refreshing import InsightPart, PaymentHistory

#: Rows in one statement; and keys, below the number of parameters that SQLite takes.
BATCH = 500
#: Decimal places of stored logarithms: exact to a millionth of the amount.
PLACES = 6


@dataclass(frozen=True, slots=True)
class AmountChanges:
    """Changes since the statistics were last stored, and the log odds of the newest payments."""

    changed: list[AmountGroup]
    gone: list[int]
    n_unchanged: int
    log_odds: list[float]

    def __str__(self) -> str:
        return f"{len(self.changed)} keys computed, {self.n_unchanged} unchanged, {len(self.gone)} gone"


class AmountStatistics(InsightPart):
    """Amounts by payee, first word, category and all, and how unusual the newest payments were."""

    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> AmountChanges:
        """Compute the groups whose payments have changed since they were stored."""
        histories, calibration = learn(history.payments.all)
        repeats = Counter({key: one.n_repeats for key, one in histories.items() if key.level == "payee"})
        for key, n in list(repeats.items()):  # a payee with a new name changes these alone
            repeats[AmountKey(key.kind, "all", "")] += n

        is_same_currency = AmountCalibration.objects.filter(pk=history.ledger_id, currency=history.currency).exists()
        columns = AmountGroup.objects.filter(ledger_id=history.ledger_id).values_list(
            "kind", "level", "text", "pk", "n", "fingerprint", "n_repeats"
        )
        stored = {AmountKey(*column[:3]): (column[3], column[4:]) for column in columns}
        changed = []
        for key, one in histories.items():
            figures = one.n, one.fingerprint, repeats[key]
            if is_same_currency and key in stored and stored[key][1] == figures:
                continue
            sketch = one.sketch()
            changed.append(
                AmountGroup(
                    ledger_id=history.ledger_id,
                    **key._asdict(),
                    n=one.n,
                    n_repeats=repeats[key],
                    fingerprint=one.fingerprint,
                    points=[round(point, PLACES) for point in sketch.points],
                    weights=sketch.weights,
                )
            )
        return AmountChanges(
            changed=changed,
            gone=[pk for key, (pk, _) in stored.items() if key not in histories],
            n_unchanged=len(histories) - len(changed),
            log_odds=[round(odds, PLACES) for odds in calibration.past],
        )

    def store(self, history: PaymentHistory, found: AmountChanges) -> None:
        """Write over what another worker may have stored in between."""
        for at in range(0, len(found.gone), BATCH):
            AmountGroup.objects.filter(pk__in=found.gone[at : at + BATCH]).delete()
        AmountGroup.objects.bulk_create(
            found.changed,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["ledger", "kind", "level", "text"],
            update_fields=["n", "n_repeats", "fingerprint", "points", "weights"],
        )
        AmountCalibration.objects.update_or_create(
            ledger_id=history.ledger_id, defaults={"currency": history.currency, "log_odds": found.log_odds}
        )
