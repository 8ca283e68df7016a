"""What a ledger's outcomes and its owner say of the links, as the chain takes it."""

from expenses.models import TrackRecord
from providers.calibration import Correction
from providers.interface import NO_TRUST, Trust


def load_trust(ledger_id: int | None) -> Trust:
    """One query."""
    found = TrackRecord.objects.filter(ledger=ledger_id).values_list(
        "links", "thresholds", "ledger__classifier__digest", "ledger__classifier__n_right",
        "ledger__classifier__n_right_without",
    ).first()  # fmt: skip
    if found is None:
        return NO_TRUST
    links, thresholds, digest, n_right, n_without = found
    is_of_use = n_right is None or n_without is None or n_right >= n_without
    corrections = {name: Correction(*link["correction"]) for name, link in links.items()}
    return Trust(corrections=corrections, thresholds=thresholds, classifier=(digest or "") if is_of_use else "")
