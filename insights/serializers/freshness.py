"""Fields of bodies that say how fresh computed insights are."""

from typing import Any

from rest_framework import serializers

from expenses.models.ledgers import Ledger
from insights.anomalies.baseline import LEAST_WEEKS
from insights.anomalies.decomposition import LEAST_WEEKS as LEAST_WEEKS_OF_DECOMPOSITION
from insights.models import InsightState
from insights.services.refreshing import is_fresh

NOT_YET = "Nothing is computed yet; a worker is at it. Ask again in a few seconds."
NOT_AGAIN_YET = "The ledger has changed since; a worker is at it. Ask again in a few seconds."
#: What a short history lacks.
FOR_ANOMALIES = f"cannot show anomalies. {LEAST_WEEKS} weeks are needed, and half a year gives good results."
FOR_DECOMPOSITION = f"cannot be decomposed. {LEAST_WEEKS_OF_DECOMPOSITION} weeks are needed, which are two quarters."
FOR_RECURRING = "can show few recurring payments. A monthly one is found for sure after three payments."


class ComparedWithSerializer(serializers.Serializer[Any]):
    """How much history there is to compare with."""

    weeks = serializers.IntegerField()
    is_sufficient = serializers.BooleanField()
    note = serializers.CharField(allow_null=True)


def describe_freshness(
    ledger: Ledger,
    state: InsightState | None,
    *,
    lack: str = FOR_ANOMALIES,
    weeks: int | None = None,
    least_weeks: int = LEAST_WEEKS,
) -> dict[str, Any]:
    """Return the fields beside the results of a list. `ledger` has its founder loaded.

    `lack` is the end of a sentence on what a history of less than `least_weeks` cannot show. `weeks` are those of the
    whole ledger unless given.
    """
    is_stale = not is_fresh(ledger, state)
    if weeks is None:
        weeks = state.n_weeks if state else 0
    is_sufficient = weeks >= least_weeks
    note = None
    if state is None or state.computed_at is None:
        note = NOT_YET
    elif not is_sufficient and is_stale:
        note = NOT_AGAIN_YET
    elif not is_sufficient:
        had = "1 week" if weeks == 1 else f"{weeks} weeks"
        note = f"insufficient_history: {had} of transactions {lack}"
    return {
        "currency": state.currency or None if state else None,
        "computed_at": state.computed_at if state else None,
        "is_stale": is_stale,
        "n_unconverted": state.n_unconverted if state else 0,
        "rates_used": state.rates_used if state else [],
        "rates_url": None,
        "history": {"weeks": weeks, "is_sufficient": is_sufficient, "note": note},
    }
