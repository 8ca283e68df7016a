"""Which rules can match a text at all: an index on the words that rules require. Pure.

Asking 1,000 rules about a text takes long, but few of them share as much as three letters in a row with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from rules.engine.conditions import Condition, fold
from rules.operators import FIELD_TYPES, FieldType

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
    if FIELD_TYPES[condition["field"]] is not FieldType.TEXT:
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


def needles_suffice(match: str, conditions: Sequence[Condition]) -> bool:
    """Whether the tests of texts hold as soon as one of the required needles is there."""
    textual = [c for c in conditions if "conditions" in c or FIELD_TYPES[c["field"]] is FieldType.TEXT]
    if len(textual) != 1 or (match == "any" and len(conditions) > 1):
        return False
    [only] = textual
    is_plain = not only.get("negate") and not only.get("case_sensitive")
    return is_plain and only.get("op") in {"contains", "contains_any"}


class NeedleList:
    """Positions in a list of rules, found by looking for every needle: quickest for up to some hundred."""

    def __init__(self, needles: Sequence[frozenset[Needle] | None]) -> None:
        self._always = [position for position, wanted in enumerate(needles) if wanted is None]
        self._positions: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for position, wanted in enumerate(needles):
            for field, text in wanted or ():
                self._positions[field][text].append(position)
        self._needles = [(field, list(positions)) for field, positions in self._positions.items()]

    @property
    def fields(self) -> Iterable[str]:
        """Fields whose texts are looked at."""
        return self._positions.keys()

    def candidates(self, folded: Mapping[str, str]) -> Sequence[int]:
        """Positions of the rules that may match, in order; `folded` are the casefolded texts by field."""
        found = self._always
        for field, needles in self._needles:
            text = folded[field]
            for needle in [needle for needle in needles if needle in text]:
                found = found + self._positions[field][needle]
        return found if len(found) < 2 else sorted(set(found))


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

    @property
    def fields(self) -> Iterable[str]:
        """Fields whose texts are looked at."""
        return self._positions.keys()

    def candidates(self, folded: Mapping[str, str]) -> Sequence[int]:
        """The same as those of a list, and some more."""
        found = set(self._always)
        for field, positions in self._positions.items():
            text = folded[field]
            for gram in positions.keys() & set(grams(text)):
                found.update(positions[gram])
        return sorted(found)


def grams(text: str) -> Iterable[str]:
    """Every three letters in a row."""
    return [text[i : i + GRAM] for i in range(len(text) - GRAM + 1)]
