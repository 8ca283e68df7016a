"""Finds rules that undo each other: the engine itself is asked, about rows and about what conditions describe."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice, product
from typing import Any

from expenses.categorization.catalog import Catalog
from rules.engine.evaluation import WRITTEN, evaluate
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import StoredRow
from rules.linting.cases import Case
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.formulas import PLAIN, Test
from rules.linting.study import Study

#: Pairs of rules that are asked about, and rows and descriptions for each.
MAX_PAIRS = 50
MAX_TRIED = 40

Pair = tuple[Case, Case]


def circling_rules(study: Study, *, ledger_id: int, catalog: Catalog) -> Iterator[Finding]:
    """Proved by a transaction, of the ledger or made of the rules' own conditions, on which they never come to rest."""
    tracks: dict[str, _Track] = {}
    for one, other in _suspects(study):
        for trigger in sorted(one.rule.triggers & other.rule.triggers):
            if trigger not in tracks:
                tracks[trigger] = _Track(study, trigger, ledger_id=ledger_id, catalog=catalog)
            found, example = tracks[trigger].circle(one, other)
            if found:
                explanation = f"{one.quoted} and {other.quoted} go in circles: each undoes what the other one did."
                yield Finding(Kind.CONTRADICTORY, Verdict.PROVED, (one, other), explanation, example)
                break
        if study.clock.is_up():
            return


def _suspects(study: Study) -> list[Pair]:
    """Pairs that want different things for a field, of which one looks at what rules write."""
    wanting: dict[str, list[Case]] = defaultdict(list)
    for case in study.living:
        for name in case.wishes:
            wanting[name].append(case)
    looking = [case for case in study.living if case.rule.compiled.fields & WRITTEN]
    pairs = (
        (case, other) if case.position < other.position else (other, case)
        for case in looking
        for name, wish in case.wishes.items()
        for other in wanting[name]
        if other.wishes[name] != wish
    )
    return list(dict.fromkeys(islice(pairs, MAX_PAIRS)))


class _Track:
    """All rules that are asked by one trigger, settling rows."""

    def __init__(self, study: Study, trigger: str, *, ledger_id: int, catalog: Catalog) -> None:
        self._study, self._catalog = study, catalog
        rules = [case.rule for case in study.cases if trigger in case.rule.triggers]
        self._matcher = Matcher(RuleSet(rules))
        self._evaluator = Evaluator(ledger_id=ledger_id, matcher=self._matcher, catalog=catalog)

    def circle(self, one: Case, other: Case) -> tuple[bool, StoredRow | None]:
        """Whether both take part in a circle, and the row on which they do, if the ledger has one."""
        groups = {*self._study.history.of(one.rule), *self._study.history.of(other.rule)}
        newest = sorted((group.example for group in groups), key=lambda row: row.id, reverse=True)
        for record in newest[:MAX_TRIED]:
            if self._study.clock.is_up():
                return False, None
            evaluation = self._evaluator.evaluate(record)
            if evaluation.is_circle and {one.rule, other.rule} <= {*evaluation.matched}:
                return True, record
        return any(self._goes_round(movement, one, other) for movement in _described(one, other)), None

    def _goes_round(self, movement: Movement, one: Case, other: Case) -> bool:
        if self._study.clock.is_up():
            return False
        offered = frozenset(category.id for category in self._catalog.offered(movement.direction, None))
        row = replace(movement, offered=offered)
        evaluation = evaluate(row, self._matcher.matched, looks_at=self._matcher.rule_set.fields)
        return evaluation.is_circle and {one.rule, other.rule} <= {*evaluation.matched}


def _described(one: Case, other: Case) -> Iterator[Movement]:
    """Transactions made of what the two rules ask for and write."""
    values: dict[str, dict[Any, None]] = defaultdict(dict)
    for test in (*one.tests, *other.tests):
        if not test.is_denied:
            values[test.field].update(dict.fromkeys(_meant(test)))
    for case in (one, other):
        for name in case.rule.writes.keys() & WRITTEN:
            values[name][case.rule.writes[name]] = None
    choices = [_choices(name, [*known]) for name, known in values.items()]
    for chosen in islice(product(*choices), MAX_TRIED):
        yield Movement(**dict(zip(values, chosen, strict=True)))


def _meant(test: Test) -> list[Any]:
    """Values of the field that the test speaks of."""
    named = [*test.value] if isinstance(test.value, tuple) else [test.value]
    if test.field in {"amount", "date"}:
        return [_typed(test.field, value) for value in named if isinstance(value, str)]
    return named if test.op in {*PLAIN, "in", "has"} else []


def _typed(name: str, value: str) -> Decimal | date:
    return Decimal(value) if name == "amount" else date.fromisoformat(value)


def _choices(name: str, values: list[Any]) -> list[Any]:
    if name == "tags":
        return [frozenset(values), frozenset()]
    if name in {"amount", "date", "account", "category"}:
        return [*values, None]
    return [*values, " ".join(values), ""] if name != "direction" else values or ["out"]
