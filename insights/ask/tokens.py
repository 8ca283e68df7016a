"""The words of a question, folded for comparison."""

import re
import unicodedata
from dataclasses import dataclass

#: A day in digits, a number with its ending, a word with a leading #, or a sign of money.
TOKEN = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?(?!\d)|\d\d?\.\d\d?\.(?:\d{4})?|\d\d?/\d\d?/\d{4}|\d+(?:st|nd|rd|th)\b|\d\d?\.(?=\s+\w)"
    r"|\d+(?:[.,]\d+)?|#?[^\W\d_](?:[\w'\u2019&.-]*\w)?|[€$£*=]",
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class QuestionWord:
    """A word: folded, and as it was written."""

    text: str
    raw: str


def fold_word(text: str) -> str:
    """Return the text in lower case, without accents: “März” → “marz”."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def folds(text: str) -> set[str]:
    """Return both ways to write a word without umlauts: “für” → “fur”, “fuer”."""
    composed = unicodedata.normalize("NFC", text.casefold())
    return {fold_word(composed), fold_word(composed.translate(_UMLAUTS))}


def tokens_of(text: str) -> list[QuestionWord]:
    """Return the words of a text in order; punctuation is left out."""
    return [
        QuestionWord(fold_word(raw).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), raw) for raw in TOKEN.findall(text)
    ]
