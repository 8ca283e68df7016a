"""What follows from conditions alone, whatever the rows. Pure, and sound: True is said only with a proof.

A proof is a search that fails: the formula is taken apart (an analytic tableau, Smullyan 1968), and each way in which
it could hold ends in tests of one field that clash. False means that no proof was found, never that there is none.
"""

from collections.abc import Callable, Iterable, Sequence

from rules.linting.dates import clash_in_date
from rules.linting.formulas import Conditions, Every, Formula, Some, Test, formula_of
from rules.linting.texts import clash_in_text
from rules.linting.values import clash_in_amount, clash_in_direction, clash_in_reference, clash_in_tags
from rules.operators import FIELD_TYPES, FieldType

#: Looks at the tests of one field that a search may take.
MAX_LOOKS = 10_000

CLASHES: dict[FieldType, Callable[[Sequence[Test]], bool]] = {
    FieldType.TEXT: clash_in_text,
    FieldType.NUMBER: clash_in_amount,
    FieldType.DATE: clash_in_date,
    FieldType.ID: clash_in_reference,
    FieldType.TAGS: clash_in_tags,
}


def is_impossible(conditions: Conditions) -> bool:
    """Whether it is proved that no row matches. `conditions`: {"match", "conditions", "negate"?} as rules store it."""
    return is_refuted([formula_of(conditions)])


def implies(narrow: Conditions, *broad: Conditions) -> bool:
    """Whether it is proved that every row that matches `narrow` matches one of `broad`."""
    if formula_of(narrow) in map(formula_of, broad):
        return True
    # What is denied goes first: each part of it decides at once what is left of the choices in `narrow`.
    return is_refuted([*(formula_of(one, is_denied=True) for one in broad), formula_of(narrow)])


def are_equivalent(one: Conditions, other: Conditions) -> bool:
    """Whether it is proved that both match the same rows."""
    return implies(one, other) and implies(other, one)


def is_refuted(formulas: Sequence[Formula]) -> bool:
    """Whether it is proved that these do not hold together of any row."""
    try:
        return _Branch(_Looks()).is_refuted_by(formulas)
    except _Unfinished:
        return False


class _Unfinished(Exception):
    """The search took too long."""


class _Looks:
    """Which sets of tests clash, each looked at once; counted, so that a search ends."""

    def __init__(self) -> None:
        self._known: dict[frozenset[Test], bool] = {}

    def clash(self, tests: frozenset[Test]) -> bool:
        """Whether tests of one field cannot hold together."""
        if tests not in self._known:
            if len(self._known) >= MAX_LOOKS:
                raise _Unfinished
            self._known[tests] = _clash([*tests])
        return self._known[tests]


def _clash(tests: Sequence[Test]) -> bool:
    name = tests[0].field
    return clash_in_direction(tests) if name == "direction" else CLASHES[FIELD_TYPES[name]](tests)


class _Branch:
    """One way in which a formula could hold: the tests that do, by field, and what is still to be chosen."""

    def __init__(self, looks: _Looks, tests: dict[str, frozenset[Test]] | None = None) -> None:
        self._looks = looks
        self._tests = tests or {}
        self._choices: list[Some] = []

    def is_refuted_by(self, formulas: Iterable[Formula]) -> bool:
        """Whether these cannot hold along with what does."""
        if not self._take(formulas) or not self._narrow():
            return True
        if not self._choices:
            return False
        choice, *others = self._choices
        return all(self._fork().is_refuted_by([part, *others]) for part in choice.parts)

    def _fork(self) -> "_Branch":
        return _Branch(self._looks, dict(self._tests))

    def _take(self, formulas: Iterable[Formula]) -> bool:
        """Whether they can be taken without a clash."""
        return all(map(self._take_one, formulas))

    def _take_one(self, formula: Formula) -> bool:
        if isinstance(formula, Every):
            return self._take(formula.parts)
        if isinstance(formula, Some):
            self._choices.append(formula)
            return True
        if not self._is_open(formula):
            return False
        self._tests[formula.field] = self._with(formula)
        return True

    def _with(self, test: Test) -> frozenset[Test]:
        return self._tests.get(test.field, frozenset()) | {test}

    def _is_open(self, formula: Formula) -> bool:
        """Whether it may hold, as far as one look tells."""
        if isinstance(formula, Test):
            return not self._looks.clash(self._with(formula))
        return all(map(self._is_open, formula.parts)) if isinstance(formula, Every) else True

    def _narrow(self) -> bool:
        """Drop the parts of choices that clash, and take what is left alone, until nothing changes; False if all do."""
        while True:
            self._choices, choices = [], [self._open_parts(c) for c in self._choices if not self._is_settled(c)]
            self._choices = [Some(parts) for parts in choices if len(parts) > 1]
            forced = [parts for parts in choices if len(parts) <= 1]
            if not forced:
                return True
            if not all(map(self._take_forced, forced)):
                return False

    def _take_forced(self, parts: tuple[Formula, ...]) -> bool:
        return bool(parts) and self._take(parts)

    def _is_settled(self, choice: Some) -> bool:
        return any(isinstance(part, Test) and part in self._tests.get(part.field, ()) for part in choice.parts)

    def _open_parts(self, choice: Some) -> tuple[Formula, ...]:
        return tuple(filter(self._is_open, choice.parts))
