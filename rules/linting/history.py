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
from rules.operators.patterns import pattern_budget

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
    rule_set = RuleSet(rules)
    evaluator = Evaluator(ledger_id=ledger_id_of(user), matcher=Matcher(rule_set), catalog=catalog)
    newest_first = Transaction.objects.for_user(user).order_by("-date", "-id")
    rows = read_stored_rows(newest_first, user=None, with_tags=evaluator.uses_tags)
    places = [StoredRow._fields.index(name) for name in rule_set.text_fields]
    passing_by_texts: dict[tuple[Any, ...], Passing] = {}
    groups: dict[tuple[Matched, frozenset[int]], RowGroup] = {}
    by_rule: dict[CompiledRule, list[RowGroup]] = defaultdict(list)
    n_rows = 0
    with pattern_budget(REGEX_S) as budget:
        while part := [*islice(rows, CHUNK)]:
            n_rows += len(part)
            for row in part:
                texts: tuple[Any, ...] = tuple([row[place] for place in places])
                passing = passing_by_texts.get(texts)
                if passing is None:
                    passing = passing_by_texts[texts] = rule_set.passing(texts)
                if matched := _matched(passing, row, evaluator):
                    key = matched, evaluator.offered(row)
                    if key not in groups:
                        groups[key] = RowGroup(*key, row)
                        for rule in matched:
                            by_rule[rule].append(groups[key])
                    groups[key].n_rows += 1
            if deadline.has_passed():
                break
    has_time = budget.left_s > 0
    return MatchHistory(
        n_rows=n_rows,
        is_whole=has_time and not deadline.was_missed,
        groups=[*groups.values()],
        by_rule=by_rule,
        unsure=frozenset(rule for rule in rules if rule.compiled.patterns & budget.timeouts.keys()),
        timeouts=budget.timeouts if has_time else Counter(),  # without time, untried patterns would count as slow
        texts=nlargest(N_TEXTS, (text for texts in passing_by_texts for text in texts), key=len),
    )


def _matched(passing: Passing, row: StoredRow, evaluator: Evaluator) -> Matched:
    """Return all rules that match the row, even behind a stopping rule."""
    if all(on_rest is None for _, on_rest in passing):
        return tuple([rule for rule, _ in passing])
    movement = evaluator.movement(row)
    return tuple([rule for rule, on_rest in passing if on_rest is None or on_rest(movement)])
