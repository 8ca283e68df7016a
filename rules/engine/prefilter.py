"""A cheap search for the rules that can match a text at all. Pure.

Most rules require a word. 1,000 rules take long to test on one text, but few of them share even three letters in a
row with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rules.engine.conditions import Condition, fold
from rules.operators import FIELD_TYPES, OPERATORS, FieldType

#: Letters in a row that the index looks up.
GRAM = 3
#: Field and a casefolded text in it.
Needle = tuple[str, str]


def required_needles(match: str, conditions: Sequence[Condition]) -> frozenset[Needle] | None:
    """Return needles of which one occurs whenever the conditions hold, or None if there are none such."""
    each = [_needles_of(condition) for condition in conditions]
    known = [needles for needles in each if needles is not None]
    if match == "any":
        return frozenset[Needle]().union(*known) if len(known) == len(each) else None
    # Few and long needles are the rarest.
    return max(known, key=lambda needles: (-len(needles), min(len(text) for _, text in needles)), default=None)


def _needles_of(condition: Condition) -> frozenset[Needle] | None:
    if condition.get("negate"):
        return None
    if "conditions" in condition:
        return required_needles(condition["match"], condition["conditions"])
    field = condition["field"]
    if FIELD_TYPES[field] is not FieldType.TEXT:
        return None
    texts = OPERATORS[field][condition["op"]].needles(fold(condition.get("value")))
    if texts is None or any(len(text) < GRAM for text in texts):
        return None
    return frozenset((field, text) for text in texts)


def needles_suffice(match: str, conditions: Sequence[Condition]) -> bool:
    """Return True if the tests of texts hold as soon as one of the required needles occurs."""
    textual = [c for c in conditions if "conditions" in c or FIELD_TYPES[c["field"]] is FieldType.TEXT]
    if len(textual) != 1 or (match == "any" and len(conditions) > 1):
        return False
    [only] = textual
    tests = only["conditions"] if only.get("match") == "any" and not only.get("negate") else [only]
    return all(
        test.get("op") in {"contains", "contains_any"} and not test.get("negate") and not test.get("case_sensitive")
        for test in tests
    )


class NeedleList:
    """Positions in a list of rules, found by a search for every needle: the quickest way for some hundred."""

    def __init__(self, needles: Sequence[frozenset[Needle] | None]) -> None:
        self._always = [position for position, wanted in enumerate(needles) if wanted is None]
        self._positions: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for position, wanted in enumerate(needles):
            for field, text in wanted or ():
                self._positions[field][text].append(position)
        self._needles = [(field, list(positions)) for field, positions in self._positions.items()]
        #: Fields whose texts are searched.
        self.fields = list(self._positions)

    def candidates(self, folded: Mapping[str, str]) -> Sequence[int]:
        """Return the positions of rules that may match, in order; `folded` are the casefolded texts by field."""
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
        #: Fields whose texts are searched.
        self.fields = list(self._positions)

    def candidates(self, folded: Mapping[str, str]) -> Sequence[int]:
        """Return the positions that NeedleList finds, and some more."""
        found = set(self._always)
        for field, positions in self._positions.items():
            text = folded[field]
            for gram in positions.keys() & set(grams(text)):
                found.update(positions[gram])
        return sorted(found)


def grams(text: str) -> Iterable[str]:
    """Return every three letters in a row."""
    return [text[i : i + GRAM] for i in range(len(text) - GRAM + 1)]
