"""The record of each rule: rows that it matches, rows that it decided, and corrections by the owner.

All numbers are counted from the rows as they are, so they are right again after a revert.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count

from expenses.categorization.catalog import Catalog
from expenses.garbage_collection import collection_paused
from expenses.models import CategorizationStatus, Ledger, Transaction
from rules.engine.compilation import compile_stored
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import read_distinct_rows, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget

MAX_KEPT = 100


@dataclass(slots=True)
class Statistics:
    """Numbers of one rule.

    `matched` is None if its patterns take too long. `n` counts its rows that a user confirmed or corrected,
    `overridden` those corrected. `precision` is the share of `n` that was right, None if `n` is 0.
    """

    matched: int | None = 0
    applied: int = 0
    overridden: int = 0
    n: int = 0
    last_matched_at: datetime | None = None

    @property
    def precision(self) -> float | None:
        return round((self.n - self.overridden) / self.n, 4) if self.n else None


_kept: dict[int, tuple[int, dict[int, Statistics]]] = {}


def statistics_of(ledger_id: int) -> dict[int, Statistics]:
    """Return the statistics by rule id, counted once for each version of the ledger."""
    version = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    known = _kept.get(ledger_id)
    if known is None or known[0] != version:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        rules = list(Rule.objects.filter(ledger_id=ledger_id))
        found = {rule.pk: Statistics() for rule in rules}
        if found:
            _count_decided(ledger_id, rules, found)
            _count_matched(ledger_id, rules, found)
        known = _kept[ledger_id] = version, found
    return known[1]


def forget_statistics() -> None:
    """Drop the cache; call this when versions start anew."""
    _kept.clear()


def _count_decided(ledger_id: int, rules: Sequence[Rule], found: dict[int, Statistics]) -> None:
    """Count the rows that each rule decided once, by what has become of them."""
    wanted = {rule.pk: compile_stored(rule).category for rule in rules}
    decided = Transaction.objects.filter(decision__ledger_id=ledger_id, decision__source_id__in=list(found))
    columns = ("decision__source_id", "category_source", "review_status", "category_id")
    for rule, source, status, category, n in decided.order_by().values_list(*columns).annotate(n=Count("pk")):
        statistics = found[rule]
        if source == "user":
            statistics.n += n
            statistics.overridden += 0 if category == wanted[rule] else n
        elif source == "rule" and category is not None:
            statistics.applied += n
            statistics.n += n if status == CategorizationStatus.CONFIRMED else 0


@collection_paused()
def _count_matched(ledger_id: int, rules: Sequence[Rule], found: dict[int, Statistics]) -> None:
    """Count the rows that each rule matches by itself."""
    never_stopping = [replace(compile_stored(rule), stops=False) for rule in rules]
    matcher = Matcher(RuleSet(never_stopping))
    evaluator = Evaluator(ledger_id=ledger_id, matcher=matcher, catalog=Catalog({}))
    matched: Counter[int | None] = Counter()
    last: dict[int | None, int] = defaultdict(int)
    rows = Transaction.objects.filter(ledger_id=ledger_id).order_by()
    distinct = read_distinct_rows(rows, fields=sorted(matcher.rule_set.fields))
    if "tags" in matcher.rule_set.fields:
        distinct = ((row, 1, row.id) for row in read_stored_rows(rows, user=None, with_tags=True))
    with pattern_budget() as budget:
        for row, n, newest in distinct:
            for rule in matcher.matched(evaluator.movement(row)):
                matched[rule.id] += n
                last[rule.id] = max(last[rule.id], newest)
    instants = dict(Transaction.objects.filter(pk__in=last.values()).order_by().values_list("pk", "created_at"))
    for rule in never_stopping:
        statistics = found[rule.id or 0]
        statistics.matched = matched[rule.id] if rule.compiled.patterns.isdisjoint(budget.timeouts) else None
        statistics.last_matched_at = instants.get(last[rule.id])
