"""What a search of transactions looks at."""

import unicodedata


def searchable(*, description: str, raw_description: str, merchant: str, notes: str) -> str:
    """The texts of a row, casefolded, one a line; a description that was never rewritten is there once."""
    texts = dict.fromkeys((description, raw_description, merchant, notes))
    return fold("\n".join(text for text in texts if text))


def fold(text: str) -> str:
    """What texts are compared as: whatever the case, and however an accent was typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
