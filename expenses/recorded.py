"""How links that only a task may ask have done: what they said when they were asked, against what is confirmed now."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from expenses.catalog import Catalog
from expenses.models import Transaction
from expenses.replaying import Claims
from providers.calibration import Outcome
from providers.links import CLAIMED


def recorded_claims(*, catalog: Catalog, links: Collection[str], most: int) -> Claims:
    """What these links claimed of confirmed rows, oldest first; of more than `most` rows the latest. One query.

    Attempts name the category as it was called then: renamed since, it counts where the answer itself was confirmed.
    """
    if not links:
        return {}
    rows = Transaction.objects.filter(ledger_id=catalog.ledger_id, is_split=False, decision__isnull=False).confirmed()
    told = rows.order_by("-date", "-id").values_list("category_id", "category_source", "decision__attempts")
    claims: dict[str, list[Outcome]] = defaultdict(list)
    for category, source, attempts in reversed(told[:most]):
        name = catalog.name(category)
        for attempt in attempts:
            if attempt["provider"] in links and attempt["category_name"]:
                is_right = attempt["category_name"] == name or attempt["provider"] == source
                claims[attempt["provider"]].append(Outcome(_claimed(attempt), is_right))
    return claims


def _claimed(attempt: dict[str, Any]) -> float:
    """Before it was corrected."""
    claimed: float = attempt["details"].get(CLAIMED, attempt["confidence"])
    return claimed
