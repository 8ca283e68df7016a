"""The text in which a search of transactions looks."""

import unicodedata


def searchable(*, description: str, raw_description: str, merchant: str, notes: str) -> str:
    """Return the texts of a row, casefolded, one a line. A description that was never rewritten is there once."""
    texts = dict.fromkeys((description, raw_description, merchant, notes))
    return fold("\n".join(text for text in texts if text))


def fold(text: str) -> str:
    """Fold a text for comparison: equal in any case, and however an accent was typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
