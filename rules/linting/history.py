"""What the ledger's rows say of its rules: which of them match which rows, and which of these get a turn."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from itertools import islice, takewhile
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from rules.engine.evaluation import claims_of
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import CompiledRule, Matched, Matcher, Passing, RuleSet
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.linting.clock import Clock
from rules.operators.patterns import PatternBudget, pattern_budget

#: What matching may spend on regular expressions; the rest of what a request may take is for trying them out.
REGEX_S = 1.2
CHUNK = 1000
#: Texts that patterns are tried on.
N_TEXTS = 20


@dataclass(eq=False)
class Group:
    """Rows that the very same rules match, and that are offered the same categories; `example` is the newest."""

    matched: Matched
    offered: frozenset[int]
    example: StoredRow
    n_rows: int = 0

    @cached_property
    def turns(self) -> frozenset[CompiledRule]:
        """The rules that win a field, with any of the triggers."""
        triggers = frozenset[str]().union(*(rule.triggers for rule in self.matched))
        return frozenset[CompiledRule]().union(*map(self._winners, triggers))

    def _winners(self, trigger: str) -> frozenset[CompiledRule]:
        asked = [rule for rule in self.matched if trigger in rule.triggers]
        front = list(takewhile(lambda rule: not rule.stops, asked))
        claims = claims_of(tuple(asked[: len(front) + 1]), self.offered)
        return frozenset(claim.rule for claim in claims.values())


@dataclass
class History:
    """All groups of rows, by rule.

    `unsure` are rules whose patterns ran out of time, so that rows say nothing of them; `timeouts` are matches that
    were tried and given up, by pattern.
    """

    n_rows: int = 0
    is_whole: bool = True
    groups: list[Group] = field(default_factory=list)
    by_rule: dict[CompiledRule, list[Group]] = field(default_factory=dict)
    unsure: frozenset[CompiledRule] = frozenset()
    timeouts: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)

    def of(self, rule: CompiledRule) -> list[Group]:
        """The groups of rows that it matches, the one with the newest row first."""
        return self.by_rule.get(rule, [])

    def newest(self, rule: CompiledRule) -> StoredRow | None:
        """The newest row that it matches."""
        groups = self.of(rule)
        return groups[0].example if groups else None

    def always_with(self, rule: CompiledRule) -> frozenset[CompiledRule] | None:
        """The rules that match each row that this one does; None where rows say nothing of it."""
        groups = self.of(rule)
        if not groups or rule in self.unsure:
            return None
        return frozenset(groups[0].matched).intersection(*(group.matched for group in groups)) | self.unsure


def read_history(*, user: User, rules: Sequence[CompiledRule], catalog: Catalog, clock: Clock) -> History:
    """Read the ledger's rows, the newest first, until the time is up."""
    matcher = Matcher(RuleSet(rules))
    evaluator = Evaluator(ledger_id=ledger_id_of(user), matcher=matcher, catalog=catalog)
    reader = _Reader(evaluator)
    rows = Transaction.objects.for_user(user).order_by("-date", "-id")
    records = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
    with pattern_budget(REGEX_S) as time:
        while part := [*islice(records, CHUNK)]:
            reader.take(part)
            if clock.is_up():
                break
    return reader.history(time, is_whole=time.left_s > 0 and not clock.has_struck)


class _Reader:
    """Asks all rules about rows, also those behind one that stops, each distinct text once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator, self._rule_set = evaluator, evaluator.rule_set
        self._texts_at = [StoredRow._fields.index(name) for name in self._rule_set.text_fields]
        self._passing: dict[tuple[Any, ...], Passing] = {}
        self._groups: dict[tuple[Matched, frozenset[int]], Group] = {}
        self._n_rows = 0

    def take(self, records: Sequence[StoredRow]) -> None:
        """Count the rows in their groups."""
        self._n_rows += len(records)
        for record in records:
            if matched := self._matched(record):
                key = matched, self._evaluator.offered(record)
                if key not in self._groups:
                    self._groups[key] = Group(*key, record)
                self._groups[key].n_rows += 1

    def history(self, time: PatternBudget, *, is_whole: bool) -> History:
        """What was read. Where all time is gone, patterns count as slow that were not even tried."""
        by_rule: dict[CompiledRule, list[Group]] = defaultdict(list)
        for group in self._groups.values():
            for rule in group.matched:
                by_rule[rule].append(group)
        unsure = frozenset(rule for rule in self._rule_set.rules if rule.compiled.patterns & time.timeouts.keys())
        texts = nlargest(N_TEXTS, self._texts(), key=len)
        timeouts = time.timeouts if time.left_s > 0 else Counter[str]()
        return History(self._n_rows, is_whole, [*self._groups.values()], by_rule, unsure, timeouts, texts)

    def _matched(self, record: StoredRow) -> Matched:
        texts: tuple[Any, ...] = tuple([record[place] for place in self._texts_at])
        passing = self._passing.get(texts)
        if passing is None:
            passing = self._passing[texts] = self._rule_set.passing(texts)
        if not passing:
            return ()
        if all(on_rest is None for _, on_rest in passing):
            return tuple([rule for rule, _ in passing])
        movement = self._evaluator.movement(record)
        return tuple([rule for rule, on_rest in passing if on_rest is None or on_rest(movement)])

    def _texts(self) -> Iterator[str]:
        return (text for texts in self._passing for text in texts)
