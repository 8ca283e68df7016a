"""How fresh computed insights are, as their answers say it."""

from typing import Any

from expenses.models.ledgers import Ledger
from insights.models import Standing
from insights.services.refreshing import is_fresh
from insights.weekly.levels import LEAST_WEEKS

TOO_LITTLE = (
    "insufficient_history: {weeks} weeks with transactions are too few to say what is odd; {least} are the least, "
    "and after half a year it gets good."
)
NOT_YET = "Nothing was computed yet; a worker is at it. Ask again in some seconds."


def describe_freshness(ledger: Ledger, standing: Standing | None) -> dict[str, Any]:
    """What the answer has beside its results. `ledger` knows its founder."""
    return {
        "currency": standing.currency or None if standing else None,
        "computed_at": standing.computed_at if standing else None,
        "is_stale": not is_fresh(ledger, standing),
        "n_unconverted": standing.n_unconverted if standing else 0,
        "history": _describe_history(standing),
    }


def _describe_history(standing: Standing | None) -> dict[str, Any]:
    weeks = standing.n_weeks if standing else 0
    is_sufficient = weeks >= LEAST_WEEKS
    note = NOT_YET if standing is None or standing.computed_at is None else None
    if note is None and not is_sufficient:
        note = TOO_LITTLE.format(weeks=weeks, least=LEAST_WEEKS)
    return {"weeks": weeks, "is_sufficient": is_sufficient, "note": note}
