"""What rules would do to the transactions that are there: the blast radius, before anything is written."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import or_

from django.db.models import Count, Q

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.search_text import fold
from expenses.models import CategorizationStatus, Transaction
from expenses.querysets import TransactionQuerySet
from rules.engine.compilation import compile_stored
from rules.engine.evaluation import Evaluation
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget

#: How many transactions of each sort are told.
SHOWN = 5
#: Fields that the text of a search holds.
SEARCHED = {"raw_description", "description", "merchant", "notes"}
#: Accents apart from their letters, which the text of a search has together.
ACCENTS = "[\u0300-\u036f]"


@dataclass(slots=True)
class Impact:
    """What one rule would do by itself, among the rules that are there not looked at.

    `touched` are the first rows that it would change, the newest first, `contradicting` the first confirmed ones of
    another category.
    """

    touches: int = 0
    agree: int = 0
    disagree: int = 0
    touched: list[StoredRow] = field(default_factory=list)
    contradicting: list[StoredRow] = field(default_factory=list)

    def count(self, record: StoredRow, evaluation: Evaluation) -> None:
        """Add a row and what becomes of it."""
        if evaluation.is_change:
            self.touches += 1
            self.touched += [record] if len(self.touched) < SHOWN else []
        categories = [rule.category for rule in evaluation.matched if rule.category is not None]
        if record.status != CategorizationStatus.CONFIRMED or not categories:
            return
        if record.category in categories:
            self.agree += 1
        else:
            self.disagree += 1
            self.contradicting += [record] if len(self.contradicting) < SHOWN else []


def measure_impacts(
    rules: Sequence[Rule], *, ledger_id: int, catalog: Catalog, user: User | None = None
) -> list[Impact]:
    """Of each rule by itself, saved or not; the rows are read once. `user` is whose edit window counts."""
    radii = {compile_stored(rule): Impact() for rule in rules}
    if not radii:
        return []
    evaluators = {rule: _evaluator([rule], ledger_id, catalog) for rule in radii}
    together = {replace(rule, stops=False): rule for rule in radii}
    matcher = Matcher(RuleSet(together))
    reader = Evaluator(ledger_id=ledger_id, matcher=matcher, catalog=catalog)
    text_fields = matcher.rule_set.text_fields
    rows = candidates(list(radii), ledger_id=ledger_id)
    with pattern_budget():
        for record in read_stored_rows(rows, user=user, with_tags=reader.uses_tags):
            texts = tuple(getattr(record, name) for name in text_fields)
            for matched in matcher.among(texts, partial(reader.movement, record)):
                rule = together[matched]
                radii[rule].count(record, evaluators[rule].evaluate(record))
    return list(radii.values())


@dataclass(frozen=True, slots=True)
class Votes:
    """How many confirmed rows a rule matches, of its category and of others."""

    agree: int
    disagree: int


def count_votes(rule: Rule, *, ledger_id: int) -> Votes:
    """The same numbers as `measure` for a rule that looks at texts, direction and account alone, in far less time."""
    compiled = compile_stored(rule)
    rows = candidates([compiled], ledger_id=ledger_id).confirmed().order_by()
    counted: Counter[bool] = Counter()
    columns = ("raw_description", "merchant", "direction", "account_id", "category_id")
    for raw, merchant, direction, account, category, n in rows.values_list(*columns).annotate(n=Count("id")):
        movement = Movement(raw_description=raw, merchant=merchant, direction=direction, account=account)
        if compiled.matches(movement):
            counted[category == compiled.category] += n
    return Votes(counted[True], counted[False])


def contradicting(rule: Rule, *, ledger_id: int, catalog: Catalog) -> list[StoredRow]:
    """Every confirmed row of another category that the rule matches."""
    compiled = compile_stored(rule)
    evaluator = _evaluator([compiled], ledger_id, catalog)
    rows = candidates([compiled], ledger_id=ledger_id).confirmed().exclude(category=compiled.category)
    records = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
    with pattern_budget():
        return [record for record in records if compiled.matches(evaluator.movement(record))]


def candidates(rules: Sequence[CompiledRule], *, ledger_id: int) -> TransactionQuerySet:
    """The rows that any of the rules can match, as far as the database can tell."""
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id)
    wanted = [_required(rule) for rule in rules]
    known = [condition for condition in wanted if condition is not None]
    return rows.filter(reduce(or_, known)) if len(known) == len(wanted) else rows


def _required(rule: CompiledRule) -> Q | None:
    if rule.needles is None or any(name not in SEARCHED for name, _ in rule.needles):
        return None
    looked_in = sorted({name for name, _ in rule.needles})
    apart = [Q(**{f"{name}__regex": ACCENTS}) for name in looked_in]
    return reduce(or_, [*(Q(search_text__contains=fold(text)) for _, text in rule.needles), *apart])


def _evaluator(rules: Iterable[CompiledRule], ledger_id: int, catalog: Catalog) -> Evaluator:
    return Evaluator(ledger_id=ledger_id, matcher=Matcher(RuleSet(rules)), catalog=catalog)
