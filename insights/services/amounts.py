"""Keeps the statistics of amounts: what has changed is written, and nothing else."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from insights.amounts.calibration import learn
from insights.amounts.groups import Group, Groups
from insights.amounts.keys import Key
from insights.models import AmountCalibration, AmountGroup
from insights.services.refreshing import History, Part

#: Rows in one statement; and keys, below the number of parameters that SQLite takes.
BATCH = 500
#: Logarithms are stored this exactly: to a millionth of the amount.
_PLACES = 6
_KEY = ["ledger", "kind", "level", "text"]
_FIGURES = ["n", "n_repeats", "fingerprint", "points", "weights"]
_NONE = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class FoundAmounts:
    """What changed since it was last stored."""

    changed: list[AmountGroup]
    gone: list[int]
    n_unchanged: int
    oddities: list[float]

    def __str__(self) -> str:
        return f"{len(self.changed)} keys computed, {self.n_unchanged} unchanged, {len(self.gone)} gone"


class AmountStatistics(Part):
    """Amounts by payee, first word, category and all; and how odd the newest payments were."""

    def compute(self, history: History, found: dict[str, Any]) -> FoundAmounts:
        """Groups of the same payments are not computed again, whoever wrote what in between."""
        groups, calibration = learn(history.payments.all)
        stored, repeats = _stored(history), _repeats(groups)
        changed = {
            key: group
            for key, group in groups.items()
            if (group.n, group.fingerprint, repeats[key]) != stored.get(key, _NONE)[1:]
        }
        return FoundAmounts(
            changed=[_row(history.ledger_id, key, group, repeats[key]) for key, group in changed.items()],
            gone=[pk for key, (pk, *_) in stored.items() if key not in groups],
            n_unchanged=len(groups) - len(changed),
            oddities=[round(odd, _PLACES) for odd in calibration.past],
        )

    def store(self, history: History, found: FoundAmounts) -> None:
        """Over what another worker may have stored in between."""
        for at in range(0, len(found.gone), BATCH):
            AmountGroup.objects.filter(pk__in=found.gone[at : at + BATCH]).delete()
        AmountGroup.objects.bulk_create(
            found.changed, batch_size=BATCH, update_conflicts=True, unique_fields=_KEY, update_fields=_FIGURES
        )
        AmountCalibration.objects.update_or_create(
            ledger_id=history.ledger_id, defaults={"currency": history.currency, "oddities": found.oddities}
        )


def _stored(history: History) -> dict[Key, tuple[int, int, int, int]]:
    """Id, number, fingerprint and number of repeats by key; groups in another currency count as empty."""
    is_same = AmountCalibration.objects.filter(pk=history.ledger_id, currency=history.currency).exists()
    rows = AmountGroup.objects.filter(ledger_id=history.ledger_id)
    columns = rows.values_list("kind", "level", "text", "pk", "n", "fingerprint", "n_repeats")
    return {
        Key(kind, level, text): (pk, n if is_same else 0, fingerprint, n_repeats)
        for kind, level, text, pk, n, fingerprint, n_repeats in columns
    }


def _repeats(groups: Groups) -> Counter[Key]:
    """Of each payee, and of all payees together; a payee that is named anew changes the latter alone."""
    repeats = Counter({key: group.n_repeats for key, group in groups.items() if key.level == "payee"})
    for key, n in list(repeats.items()):
        repeats[Key(key.kind, "all", "")] += n
    return repeats


def _row(ledger_id: int, key: Key, group: Group, n_repeats: int) -> AmountGroup:
    found = group.sketch()
    return AmountGroup(
        ledger_id=ledger_id,
        **key._asdict(),
        n=group.n,
        n_repeats=n_repeats,
        fingerprint=group.fingerprint,
        points=[round(point, _PLACES) for point in found.points],
        weights=found.weights,
    )
