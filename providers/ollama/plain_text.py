"""Bank text is written by strangers: here it loses whatever could pass for a part of the prompt."""

import re
import unicodedata

# Without <, >, |, brackets and line breaks no text can close its fence, begin a line or spell a model's control token.
_PUNCTUATION = frozenset(".,:;'&/*#+-()%@!?")
_KEPT_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "Sc", "So"})
_LONG_NUMBER = re.compile(r"\d{4,}")
_MOST_READ = 4000


def plain_text(raw: str, *, limit: int) -> str:
    """Return at most `limit` characters of `raw` on one line: letters, digits, symbols and harmless punctuation."""
    composed = unicodedata.normalize("NFKC", raw[:_MOST_READ])
    kept = "".join(character if _is_kept(character) else " " for character in composed)
    return " ".join(kept.split())[:limit].rstrip()


def without_long_numbers(text: str) -> str:
    """Put "#" for every run of four or more digits: card, account and reference numbers tell no category."""
    return _LONG_NUMBER.sub("#", text)


def _is_kept(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character) in _KEPT_CATEGORIES
