"""Known names that are near to an unknown one."""

from collections.abc import Iterable

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
    found = process.extract(wanted, folded, scorer=fuzz.WRatio, limit=MOST_NAMED, score_cutoff=ALIKE)
    nearest = [names[place] for _, _, place in found]
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""
