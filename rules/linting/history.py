"""Matches of rules in the ledger: which rules match which rows, and which of them win a field there."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from itertools import islice
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from rules.engine.evaluation import claims_of
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import CompiledRule, Matched, Matcher, Passing, RuleSet
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.linting.deadline import Deadline
from rules.operators.patterns import PatternBudget, pattern_budget

#: Time for regular expressions while matching; the rest of a request's time is for testing slow patterns.
REGEX_S = 1.2
CHUNK = 1000
#: Number of texts to try patterns on.
N_TEXTS = 20


@dataclass(eq=False)
class RowGroup:
    """Rows matched by the same rules and open to the same categories; `example` is the newest."""

    matched: Matched
    offered: frozenset[int]
    example: StoredRow
    n_rows: int = 0

    @cached_property
    def winners(self) -> frozenset[CompiledRule]:
        """The rules that win a field, with any of the triggers."""
        winners: set[CompiledRule] = set()
        for trigger in frozenset[str]().union(*(rule.triggers for rule in self.matched)):
            asked = []
            for rule in self.matched:
                if trigger in rule.triggers:
                    asked.append(rule)
                    if rule.stops:
                        break
            winners.update(claim.rule for claim in claims_of(tuple(asked), self.offered).values())
        return frozenset(winners)


@dataclass
class MatchHistory:
    """All groups of rows, by rule.

    `unsure` are rules whose patterns ran out of time, so that rows prove nothing about them. `timeouts` counts
    abandoned matches by pattern. `texts` are the longest texts of the ledger.
    """

    n_rows: int = 0
    is_whole: bool = True
    groups: list[RowGroup] = field(default_factory=list)
    by_rule: dict[CompiledRule, list[RowGroup]] = field(default_factory=dict)
    unsure: frozenset[CompiledRule] = frozenset()
    timeouts: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)

    def of(self, rule: CompiledRule) -> list[RowGroup]:
        """Return the groups of rows that the rule matches, the one with the newest row first."""
        return self.by_rule.get(rule, [])

    def newest(self, rule: CompiledRule) -> StoredRow | None:
        """Return the newest row that the rule matches."""
        groups = self.of(rule)
        return groups[0].example if groups else None

    def always_with(self, rule: CompiledRule) -> frozenset[CompiledRule] | None:
        """Return the rules that match each row that this one matches; None if rows prove nothing about it."""
        groups = self.of(rule)
        if not groups or rule in self.unsure:
            return None
        return frozenset(groups[0].matched).intersection(*(group.matched for group in groups)) | self.unsure


def read_history(*, user: User, rules: Sequence[CompiledRule], catalog: Catalog, deadline: Deadline) -> MatchHistory:
    """Read the ledger's rows, the newest first, until the deadline."""
    matcher = Matcher(RuleSet(rules))
    evaluator = Evaluator(ledger_id=ledger_id_of(user), matcher=matcher, catalog=catalog)
    reader = _HistoryReader(evaluator)
    newest_first = Transaction.objects.for_user(user).order_by("-date", "-id")
    rows = read_stored_rows(newest_first, user=None, with_tags=evaluator.uses_tags)
    with pattern_budget(REGEX_S) as budget:
        while part := [*islice(rows, CHUNK)]:
            reader.add(part)
            if deadline.has_passed():
                break
    return reader.history(budget, is_whole=budget.left_s > 0 and not deadline.was_missed)


class _HistoryReader:
    """Matches all rules against rows, even behind a stopping rule; each distinct text once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator, self._rule_set = evaluator, evaluator.rule_set
        self._text_places = [StoredRow._fields.index(name) for name in self._rule_set.text_fields]
        self._passing: dict[tuple[Any, ...], Passing] = {}
        self._groups: dict[tuple[Matched, frozenset[int]], RowGroup] = {}
        self._n_rows = 0

    def add(self, rows: Sequence[StoredRow]) -> None:
        """Count the rows in their groups."""
        self._n_rows += len(rows)
        for row in rows:
            if matched := self._matched(row):
                key = matched, self._evaluator.offered(row)
                if key not in self._groups:
                    self._groups[key] = RowGroup(*key, row)
                self._groups[key].n_rows += 1

    def _matched(self, row: StoredRow) -> Matched:
        texts: tuple[Any, ...] = tuple([row[place] for place in self._text_places])
        passing = self._passing.get(texts)
        if passing is None:
            passing = self._passing[texts] = self._rule_set.passing(texts)
        if not passing:
            return ()
        if all(on_rest is None for _, on_rest in passing):
            return tuple([rule for rule, _ in passing])
        movement = self._evaluator.movement(row)
        return tuple([rule for rule, on_rest in passing if on_rest is None or on_rest(movement)])

    def history(self, budget: PatternBudget, *, is_whole: bool) -> MatchHistory:
        """Return the history. Without any time left, untried patterns would count as slow: there are no timeouts."""
        by_rule: dict[CompiledRule, list[RowGroup]] = defaultdict(list)
        for group in self._groups.values():
            for rule in group.matched:
                by_rule[rule].append(group)
        return MatchHistory(
            n_rows=self._n_rows,
            is_whole=is_whole,
            groups=[*self._groups.values()],
            by_rule=by_rule,
            unsure=frozenset(rule for rule in self._rule_set.rules if rule.compiled.patterns & budget.timeouts.keys()),
            timeouts=budget.timeouts if budget.left_s > 0 else Counter(),
            texts=nlargest(N_TEXTS, (text for texts in self._passing for text in texts), key=len),
        )
