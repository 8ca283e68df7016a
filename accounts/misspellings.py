"""Known names that are near to an unknown one."""

from collections.abc import Iterable

from babel.numbers import list_currencies
from rapidfuzz import fuzz, process

#: Likeness in percent from which a name is worth a mention.
ALIKE = 70
MOST_NAMED = 3
#: Shorter texts are like too much.
LEAST_LENGTH = 3


def did_you_mean(text: object, known: Iterable[str]) -> str:
    """Return a sentence with the nearest known names, after a space; "" if none is near."""
    wanted = str(text).strip().casefold()[:200]
    if len(wanted) < LEAST_LENGTH:
        return ""
    names = sorted(set(known))
    folded = [name.casefold() for name in names]
    found = process.extract(wanted, folded, scorer=fuzz.WRatio, limit=None, score_cutoff=ALIKE)
    # A part of a text is like a short name, such as “ch” of “nonesuch”; only a whole word of the text counts.
    nearest = [
        names[place]
        for name, _, place in found
        if 2 * len(name) > len(wanted) or fuzz.token_ratio(wanted, name) >= ALIKE
    ][:MOST_NAMED]
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""


def no_currency(text: object) -> str:
    """Return the sentences for a text that is no currency code: the nearest codes, or where to find one."""
    is_like_a_code = len(str(text).strip()) <= LEAST_LENGTH + 1  # a word is like many codes
    near = did_you_mean(text, list_currencies()) if is_like_a_code else ""
    return f"“{text}” is not an ISO 4217 currency code.{near or ' Find it at GET /api/v1/currencies/?search=name.'}"
