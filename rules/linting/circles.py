"""Check for rules that undo each other, by running the engine on rows and on transactions made from conditions."""

from collections import defaultdict
from collections.abc import Callable, Iterator
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
from rules.linting.cases import FindingKind, LintContext, LintFinding, LintVerdict, RuleCase
from rules.linting.formulas import PLAIN

#: Limit on pairs of rules, and on rows and made transactions for each.
MAX_PAIRS = 50
MAX_TRIED = 40


def circling_rules(context: LintContext, *, ledger_id: int, catalog: Catalog) -> Iterator[LintFinding]:
    """Find rules that never come to rest, proved by a row or by a transaction made from their conditions."""
    by_field: dict[str, list[RuleCase]] = defaultdict(list)
    for case in context.living:
        for name in case.effects:
            by_field[name].append(case)
    suspects = (  # pairs with different values for a field, of which one tests a field that rules write
        (case, other) if case.position < other.position else (other, case)
        for case in context.living
        if case.rule.compiled.fields & WRITTEN
        for name, value in case.effects.items()
        for other in by_field[name]
        if other.effects[name] != value
    )
    searches: dict[str, _CircleSearch] = {}
    for one, other in dict.fromkeys(islice(suspects, MAX_PAIRS)):
        for trigger in sorted(one.rule.triggers & other.rule.triggers):
            if trigger not in searches:
                searches[trigger] = _CircleSearch(context, trigger, ledger_id=ledger_id, catalog=catalog)
            found, example = searches[trigger].find(one, other)
            if found:
                explanation = f"{one.quoted} and {other.quoted} go in circles: each undoes what the other one did."
                yield LintFinding(FindingKind.CONTRADICTORY, LintVerdict.PROVED, (one, other), explanation, example)
                break
        if context.deadline.has_passed():
            return


class _CircleSearch:
    """Search for circles among all rules of one trigger."""

    def __init__(self, context: LintContext, trigger: str, *, ledger_id: int, catalog: Catalog) -> None:
        self._context, self._catalog = context, catalog
        rules = [case.rule for case in context.cases if trigger in case.rule.triggers]
        self._matcher = Matcher(RuleSet(rules))
        self._evaluator = Evaluator(ledger_id=ledger_id, matcher=self._matcher, catalog=catalog)

    def find(self, one: RuleCase, other: RuleCase) -> tuple[bool, StoredRow | None]:
        """Return whether both take part in a circle, and a row on which they do, if the ledger has one."""
        rules, history, deadline = {one.rule, other.rule}, self._context.history, self._context.deadline
        groups = {*history.of(one.rule), *history.of(other.rule)}
        newest = sorted((group.example for group in groups), key=lambda row: row.id, reverse=True)
        for stored in newest[:MAX_TRIED]:
            if deadline.has_passed():
                return False, None
            evaluation = self._evaluator.evaluate(stored)
            if evaluation.is_circle and rules <= {*evaluation.matched}:
                return True, stored
        for movement in _made_transactions(one, other):
            if deadline.has_passed():
                return False, None
            offered = frozenset(category.id for category in self._catalog.offered(movement.direction, None))
            row = replace(movement, offered=offered)
            evaluation = evaluate(row, self._matcher.matched, looks_at=self._matcher.rule_set.fields)
            if evaluation.is_circle and rules <= {*evaluation.matched}:
                return True, None
        return False, None


def _made_transactions(one: RuleCase, other: RuleCase) -> Iterator[Movement]:
    """Make transactions of the values that the two rules test and write."""
    values: dict[str, dict[Any, None]] = defaultdict(dict)
    for test in (*one.tests, *other.tests):
        if test.is_denied:
            continue
        named = [*test.value] if isinstance(test.value, tuple) else [test.value]
        if test.field in {"amount", "date"}:
            read: Callable[[str], Any] = Decimal if test.field == "amount" else date.fromisoformat
            named = [read(value) for value in named if isinstance(value, str)]
        elif test.op not in {*PLAIN, "in", "has"}:
            named = []
        values[test.field].update(dict.fromkeys(named))
    for case in (one, other):
        for name in case.rule.writes.keys() & WRITTEN:
            values[name][case.rule.writes[name]] = None
    choices = [_choices(name, [*known]) for name, known in values.items()]
    for chosen in islice(product(*choices), MAX_TRIED):
        yield Movement(**dict(zip(values, chosen, strict=True)))


def _choices(name: str, values: list[Any]) -> list[Any]:
    """Return the values to try for a field, among them none."""
    if name == "tags":
        return [frozenset(values), frozenset()]
    if name in {"amount", "date", "account", "category"}:
        return [*values, None]
    if name == "direction":
        return values or ["out"]
    return [*values, " ".join(values), ""]
