"""Proofs from conditions alone, for any transaction. Pure, and sound: True is returned only with a proof.

A proof is a search that fails. The formula is taken apart (an analytic tableau, Smullyan 1968). Each way in which it
could hold ends in tests of one field that clash. False means that no proof was found; there may be one.
"""

from collections.abc import Iterable, Sequence

from rules.linting.clashes import clash
from rules.linting.formulas import AllOf, AnyOf, FieldTest, Formula

#: Limit on sets of tests that one search may compare.
MAX_CLASHES = 10_000


def implies(narrow: Formula, *broad: Formula) -> bool:
    """Return True if it is proved that every row that matches `narrow` matches one of `broad`."""
    # The denials go first: each of their parts decides at once what is left of the choices in `narrow`.
    return narrow in broad or is_refuted([*(formula.denial for formula in broad), narrow])


def is_refuted(formulas: Sequence[Formula]) -> bool:
    """Return True if it is proved that no row matches all these formulas."""
    try:
        return _Branch({}, {}).is_refuted_by(formulas)
    except _TooManyClashes:
        return False


class _TooManyClashes(Exception):
    """A search that takes too long."""


class _Branch:
    """One way in which a formula could hold: tests that hold, by field, and open choices.

    All branches of a search share `clashes`: sets of tests of one field, and whether they clash.
    """

    def __init__(self, clashes: dict[frozenset[FieldTest], bool], tests: dict[str, frozenset[FieldTest]]) -> None:
        self._clashes = clashes
        self._tests = tests
        self._choices: list[AnyOf] = []

    def is_refuted_by(self, formulas: Iterable[Formula]) -> bool:
        """Return True if these formulas cannot hold together with the branch."""
        if not all(map(self._add, formulas)) or not self._narrow():
            return True
        if not self._choices:
            return False
        choice, *others = self._choices
        for part in choice.parts:
            fork = _Branch(self._clashes, dict(self._tests))
            if not fork.is_refuted_by([part, *others]):
                return False
        return True

    def _add(self, formula: Formula) -> bool:
        """Add a formula to the branch; return False if it clashes."""
        if isinstance(formula, AllOf):
            return all(map(self._add, formula.parts))
        if isinstance(formula, AnyOf):
            self._choices.append(formula)
            return True
        if not self._may_hold(formula):
            return False
        self._tests[formula.field] = self._with(formula)
        return True

    def _with(self, test: FieldTest) -> frozenset[FieldTest]:
        return self._tests.get(test.field, frozenset()) | {test}

    def _may_hold(self, formula: Formula) -> bool:
        """Return False if the formula clashes at first sight."""
        if isinstance(formula, FieldTest):
            tests = self._with(formula)
            if tests not in self._clashes:
                if len(self._clashes) >= MAX_CLASHES:
                    raise _TooManyClashes
                self._clashes[tests] = clash([*tests])
            return not self._clashes[tests]
        return isinstance(formula, AnyOf) or all(map(self._may_hold, formula.parts))

    def _narrow(self) -> bool:
        """Drop clashing parts of choices and add parts that are left alone; return False if a choice has none left."""
        while True:
            choices, self._choices = self._choices, []
            forced: list[tuple[Formula, ...]] = []
            for choice in choices:
                tests = (part for part in choice.parts if isinstance(part, FieldTest))
                if any(test in self._tests.get(test.field, ()) for test in tests):
                    continue  # one of its parts holds already
                parts = tuple(filter(self._may_hold, choice.parts))
                if len(parts) > 1:
                    self._choices.append(AnyOf(parts))
                else:
                    forced.append(parts)
            if not forced:
                return True
            for parts in forced:
                if not parts or not self._add(parts[0]):
                    return False
