"""Steps of upgrades that migrations of several apps share."""

from typing import Any

from django.db.models import F

ROWS_OF_A_VERSION = 1000


def stamp_rows(rows: Any, *, ledgers: Any) -> None:
    """Give rows of ledgers new versions, so that `changes/` names them to clients that never saw them.

    Both are querysets of a migration's models.
    """
    for ledger_id in list(rows.order_by("ledger_id").values_list("ledger_id", flat=True).distinct()):
        ids = list(rows.filter(ledger_id=ledger_id).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(ids), ROWS_OF_A_VERSION):
            ledgers.filter(pk=ledger_id).update(version=F("version") + 1)
            version = ledgers.values_list("version", flat=True).get(pk=ledger_id)
            rows.filter(pk__in=ids[start : start + ROWS_OF_A_VERSION]).update(version=version)
