"""Which rules can match a text at all: an index on the words that rules require. Pure.

Asking 1,000 rules about a text takes long, but few of them share as much as three letters in a row with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from rules.conditions import Condition, fold
from rules.operators import SORTS, Sort

#: Letters in a row that are looked up.
GRAM = 3
#: Field and casefolded text in it.
Needle = tuple[str, str]


def required_needles(match: str, conditions: Sequence[Condition]) -> frozenset[Needle] | None:
    """Needles of which a subject has at least one whenever the conditions hold; None where that cannot be said."""
    each = [_needles_of(condition) for condition in conditions]
    if match == "any":
        return _union(each)
    known = [needles for needles in each if needles is not None]
    return max(known, key=_selectivity, default=None)


def _needles_of(condition: Condition) -> frozenset[Needle] | None:
    if condition.get("negate"):
        return None
    if "conditions" in condition:
        return required_needles(condition["match"], condition["conditions"])
    if SORTS[condition["field"]] is not Sort.TEXT:
        return None
    return _needles_of_text(condition["field"], condition["op"], fold(condition.get("value")))


def _needles_of_text(field: str, op: str, value: str | list[str]) -> frozenset[Needle] | None:
    if op in {"equals", "contains", "starts_with", "ends_with"}:
        needles = [value]
    elif op == "contains_all":
        needles = [max(value, key=len)]
    elif op == "contains_any":
        needles = list(value)
    else:
        return None
    if any(len(needle) < GRAM for needle in needles):
        return None
    return frozenset((field, str(needle)) for needle in needles)


def _union(each: Sequence[frozenset[Needle] | None]) -> frozenset[Needle] | None:
    known = [needles for needles in each if needles is not None]
    return frozenset[Needle]().union(*known) if len(known) == len(each) else None


def _selectivity(needles: Set[Needle]) -> tuple[int, int]:
    """Few and long needles are found seldom."""
    return -len(needles), min(len(text) for _, text in needles)


class NeedleIndex:
    """Positions in a list of rules, looked up by three letters of each needle that few other needles have."""

    def __init__(self, needles: Sequence[frozenset[Needle] | None]) -> None:
        self._always = [position for position, wanted in enumerate(needles) if wanted is None]
        common = Counter(gram for wanted in needles for _, text in wanted or () for gram in set(grams(text)))
        self._positions: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for position, wanted in enumerate(needles):
            for field, text in wanted or ():
                rarest = min(grams(text), key=lambda gram: (common[gram], gram))
                self._positions[field][rarest].append(position)

    def candidates(self, folded: Mapping[str, str]) -> list[int]:
        """Positions of the rules that may match, in order; `folded` are the casefolded texts by field."""
        found = set(self._always)
        for field, positions in self._positions.items():
            text = folded[field]
            for gram in positions.keys() & set(grams(text)):
                found.update(positions[gram])
        return sorted(found)


def grams(text: str) -> Iterable[str]:
    """Every three letters in a row."""
    return [text[i : i + GRAM] for i in range(len(text) - GRAM + 1)]
