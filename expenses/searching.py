"""What a search of transactions looks at."""


def searchable(*, description: str, raw_description: str, merchant: str, notes: str) -> str:
    """The texts of a row, casefolded, one a line; a description that was never rewritten is there once."""
    texts = dict.fromkeys((description, raw_description, merchant, notes))
    return "\n".join(text for text in texts if text).casefold()
