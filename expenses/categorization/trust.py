"""What a ledger's outcomes and its owner say of the links, as the chain takes it."""

import json
from typing import Any

from django.db import connection

from providers.calibration import Correction
from providers.interface import NO_TRUST, Trust

#: Written out: asked with nearly every write, it took longer to compose than to answer.
TRUST = """
    SELECT record.corrections, record.thresholds, COALESCE(classifier.digest, '')
    FROM expenses_trackrecord AS record
    LEFT JOIN expenses_classifier AS classifier ON classifier.ledger_id = record.ledger_id AND classifier.is_of_use
    WHERE record.ledger_id = %s
"""


def load_trust(ledger_id: int | None) -> Trust:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(TRUST, [ledger_id])
        found = cursor.fetchone()
    if found is None:
        return NO_TRUST
    corrections, thresholds, classifier = found
    by_link = {name: Correction(*values) for name, values in _parsed(corrections).items()}
    return Trust(corrections=by_link, thresholds=_parsed(thresholds), classifier=classifier)


def _parsed(stored: Any) -> dict[str, Any]:
    """JSON as the database's driver gives it: text, or read already."""
    parsed: dict[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
    return parsed
