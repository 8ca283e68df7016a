"""What a search of transactions looks at."""

import unicodedata
from typing import Protocol


class Searched(Protocol):
    """What has texts that a search looks at: a transaction."""

    description: str
    raw_description: str
    merchant: str
    notes: str


def search_text_of(row: Searched) -> str:
    """The texts of a row as `searchable` keeps them."""
    return searchable(
        description=row.description, raw_description=row.raw_description, merchant=row.merchant, notes=row.notes
    )


def searchable(*, description: str, raw_description: str, merchant: str, notes: str) -> str:
    """The texts of a row, casefolded, one a line; a description that was never rewritten is there once."""
    texts = dict.fromkeys((description, raw_description, merchant, notes))
    return fold("\n".join(text for text in texts if text))


def fold(text: str) -> str:
    """What texts are compared as: whatever the case, and however an accent was typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
