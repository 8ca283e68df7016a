"""The impact of rules on stored transactions, before anything is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from django.db.models import Count, Q

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import CategorizationStatus, Transaction
from expenses.querysets import TransactionQuerySet, fold
from rules.engine.compilation import compile_stored
from rules.engine.evaluation import Evaluation
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget

#: Transactions of each kind that an impact lists.
LISTED = 5
#: Fields that the search text of a row holds.
SEARCHED = {"raw_description", "description", "merchant", "notes"}
#: Accents that are separate characters; the search text joins them with their letters.
ACCENTS = "[\u0300-\u036f]"


@dataclass(slots=True)
class Impact:
    """The effect of one rule by itself.

    `touched` are the newest rows that it would change, `contradicting` the newest confirmed rows of another category.
    """

    touches: int = 0
    agree: int = 0
    disagree: int = 0
    touched: list[StoredRow] = field(default_factory=list)
    contradicting: list[StoredRow] = field(default_factory=list)

    def count(self, row: StoredRow, evaluation: Evaluation) -> None:
        """Add a row and the rule's effect on it."""
        if evaluation.is_change:
            self.touches += 1
            if len(self.touched) < LISTED:
                self.touched.append(row)
        categories = [rule.category for rule in evaluation.matched if rule.category is not None]
        if row.status != CategorizationStatus.CONFIRMED or not categories:
            return
        if row.category in categories:
            self.agree += 1
            return
        self.disagree += 1
        if len(self.contradicting) < LISTED:
            self.contradicting.append(row)


@dataclass(frozen=True, slots=True)
class Votes:
    """The numbers of confirmed rows that a rule matches, with its category and with others."""

    agree: int
    disagree: int


def measure_impacts(
    rules: Sequence[Rule], *, ledger_id: int, catalog: Catalog, user: User | None = None
) -> list[Impact]:
    """Return the impact of each rule by itself, saved or not. Reads the rows once.

    `user` is the one whose edit window counts.
    """
    impacts = {compile_stored(rule): Impact() for rule in rules}
    if not impacts:
        return []
    evaluators = {rule: _evaluator_of(rule, ledger_id, catalog) for rule in impacts}
    together = {replace(rule, stops=False): rule for rule in impacts}
    matcher = Matcher(RuleSet(together))
    reader = Evaluator(ledger_id=ledger_id, matcher=matcher, catalog=catalog)
    text_fields = matcher.rule_set.text_fields
    rows = candidates(list(impacts), ledger_id=ledger_id)
    with pattern_budget():
        for row in read_stored_rows(rows, user=user, with_tags=reader.uses_tags):
            texts = tuple(getattr(row, name) for name in text_fields)
            for matched in matcher.among(texts, partial(reader.movement, row)):
                rule = together[matched]
                impacts[rule].count(row, evaluators[rule].evaluate(row))
    return list(impacts.values())


def count_votes(rule: Rule, *, ledger_id: int) -> Votes:
    """Return the votes on a rule that looks at texts, direction and account alone; much faster than its impact."""
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
    """Return every confirmed row of another category that the rule matches."""
    compiled = compile_stored(rule)
    evaluator = _evaluator_of(compiled, ledger_id, catalog)
    rows = candidates([compiled], ledger_id=ledger_id).confirmed().exclude(category=compiled.category)
    with pattern_budget():
        stored = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
        return [row for row in stored if compiled.matches(evaluator.movement(row))]


def candidates(rules: Sequence[CompiledRule], *, ledger_id: int) -> TransactionQuerySet:
    """Return the rows that any of the rules can match, as far as the database can tell."""
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id)
    wanted = Q()
    for rule in rules:
        if rule.needles is None or any(name not in SEARCHED for name, _ in rule.needles):
            return rows
        for _, text in rule.needles:
            wanted |= Q(search_text__contains=fold(text))
        for name in sorted({name for name, _ in rule.needles}):
            wanted |= Q(**{f"{name}__regex": ACCENTS})
    return rows.filter(wanted)


def _evaluator_of(rule: CompiledRule, ledger_id: int, catalog: Catalog) -> Evaluator:
    return Evaluator(ledger_id=ledger_id, matcher=Matcher(RuleSet([rule])), catalog=catalog)
