"""What became of each rule: how many rows it matches, how many it decided, and how often its owner saw it otherwise.

All of it is read from the rows as they are, so that it is right again after a revert.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count

from expenses.categorization.catalog import Catalog
from expenses.collection import collection_paused
from expenses.models import CategorizationStatus, Ledger, Transaction
from rules.engine.compilation import compile_stored
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.stored_rows import StoredRow, read_distinct_rows, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget

MAX_KEPT = 100


@dataclass(slots=True)
class Statistics:
    """Of one rule.

    `matched` is None where its patterns take too long to say. `precision` is the share of rows, among the `n` that a
    person confirmed or corrected, that it was right about; None where n is 0. `overridden` are those corrected.
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
    """By id of rule; counted once for each version of the ledger."""
    version = Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)
    known = _kept.get(ledger_id)
    if known is None or known[0] != version:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        known = _kept[ledger_id] = version, _count(ledger_id)
    return known[1]


def forget_statistics() -> None:
    """For whoever lets versions begin anew."""
    _kept.clear()


def _count(ledger_id: int) -> dict[int, Statistics]:
    rules = list(Rule.objects.filter(ledger_id=ledger_id))
    found = {rule.pk: Statistics() for rule in rules}
    if found:
        _count_decided(ledger_id, rules, found)
        _count_matched(ledger_id, rules, found)
    return found


def _count_decided(ledger_id: int, rules: Sequence[Rule], found: dict[int, Statistics]) -> None:
    wanted = {rule.pk: compile_stored(rule).category for rule in rules}
    decided = Transaction.objects.filter(decision__ledger_id=ledger_id, decision__source_id__in=list(found))
    sorts = ("decision__source_id", "category_source", "review_status", "category_id")
    for rule, source, status, category, n in decided.order_by().values_list(*sorts).annotate(n=Count("pk")):
        if category is not None or source == "user":
            _add(found[rule], source, status, n, is_same=category == wanted[rule])


def _add(statistics: Statistics, source: str, status: str, n: int, *, is_same: bool) -> None:
    """Add rows that a rule once decided; `is_same` says whether they still have the category that it sets."""
    if source == "rule":
        statistics.applied += n
        statistics.n += n if status == CategorizationStatus.CONFIRMED else 0
    elif source == "user":
        statistics.n += n
        statistics.overridden += 0 if is_same else n


@collection_paused()
def _count_matched(ledger_id: int, rules: Sequence[Rule], found: dict[int, Statistics]) -> None:
    never_stops = [_never_stopping(rule) for rule in rules]
    matched: Counter[int | None] = Counter()
    last: dict[int | None, int] = defaultdict(int)
    with pattern_budget() as limit:
        for rule, n, newest in _matches(ledger_id, Matcher(RuleSet(never_stops))):
            matched[rule.id] += n
            last[rule.id] = max(last[rule.id], newest)
    instants = dict(Transaction.objects.filter(pk__in=last.values()).order_by().values_list("pk", "created_at"))
    for rule in never_stops:
        statistics = found[rule.id or 0]
        statistics.matched = matched[rule.id] if rule.compiled.patterns.isdisjoint(limit.timeouts) else None
        statistics.last_matched_at = instants.get(last[rule.id])


def _never_stopping(rule: Rule) -> CompiledRule:
    """All rules are asked about all rows here."""
    return replace(compile_stored(rule), stops=False)


def _matches(ledger_id: int, matcher: Matcher) -> Iterator[tuple[CompiledRule, int, int]]:
    """Rules that match, with how many rows these are that look the same to them, and the newest row's id."""
    evaluator = Evaluator(ledger_id=ledger_id, matcher=matcher, catalog=Catalog({}))
    for record, n, newest in _rows_alike(ledger_id, matcher.rule_set):
        for rule in matcher.matched(evaluator.movement(record)):
            yield rule, n, newest


def _rows_alike(ledger_id: int, rules: RuleSet) -> Iterator[tuple[StoredRow, int, int]]:
    rows = Transaction.objects.filter(ledger_id=ledger_id).order_by()
    if "tags" in rules.fields:
        yield from ((record, 1, record.id) for record in read_stored_rows(rows, user=None, with_tags=True))
    else:
        yield from read_distinct_rows(rows, fields=sorted(rules.fields))
