"""Hides what tells of persons and accounts from text that leaves this process.

Placeholders are stable within one `Redactor`: the same IBAN is IBAN1 wherever it stands, so that texts stay comparable.
"""

from providers.redaction.persons import tells_of_person
from providers.redaction.redactor import Redactor

__all__ = ["Redactor", "tells_of_person"]
