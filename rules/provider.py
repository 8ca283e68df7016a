"""The first link of the chain: what the user's own rules say."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max

from providers.interface import Answer, Effects, Provider, Suggestion, Transaction
from rules.engine import CompiledRule, Outcome, Subject, apply_rules, compile_conditions
from rules.models import Mode, Rule

MAX_CACHED_LEDGERS = 100


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The compiled active rules of one ledger, in order, and the fields that any of them looks at."""

    stamp: tuple[Any, ...]
    rules: tuple[CompiledRule, ...]
    fields: tuple[str, ...]


class RulesProvider(Provider):
    """Answers with certainty what a rule of mode apply says; a rule of mode suggest is left for the user to confirm."""

    name = "rule"
    version = "1"

    def __init__(self) -> None:
        self._rule_sets: dict[int, RuleSet] = {}

    def categorize_many(self, transactions: Sequence[Transaction]) -> Sequence[Answer]:
        rule_sets = {owner: self._rule_set(owner) for owner in {t.owner for t in transactions}}
        answers: dict[Hashable, Answer] = {}
        return [self._answer(t, rule_sets[t.owner], answers) for t in transactions]

    @staticmethod
    def _answer(transaction: Transaction, rule_set: RuleSet, answers: dict[Hashable, Answer]) -> Answer:
        """Transactions alike in every field that any rule looks at get the same answer object."""
        subject = _subject(transaction)
        looked_at = tuple(getattr(subject, name) for name in rule_set.fields)
        key = (transaction.owner, transaction.trigger, id(transaction.categories), looked_at)
        if key not in answers:
            offered = frozenset(category.id for category in transaction.categories)
            outcome = apply_rules(rule_set.rules, subject, trigger=transaction.trigger, offered=offered)
            answers[key] = _suggestion(outcome)
        return answers[key]

    def _rule_set(self, owner: int) -> RuleSet:
        """Compiled once a process for each version of the ledger's rules; one small query asks for the version."""
        rules = Rule.objects.filter(ledger_id=owner)
        stamp = tuple(rules.order_by().aggregate(Max("version"), Count("id")).values())
        known = self._rule_sets.get(owner)
        if known is None or known.stamp != stamp:
            if len(self._rule_sets) >= MAX_CACHED_LEDGERS:
                self._rule_sets.clear()
            known = self._rule_sets[owner] = _compile_rule_set(stamp, rules.filter(is_active=True))
        return known


def _compile_rule_set(stamp: tuple[Any, ...], rules: Iterable[Rule]) -> RuleSet:
    compiled = tuple(compile_rule(rule) for rule in rules)
    return RuleSet(stamp, compiled, tuple(sorted(frozenset[str]().union(*(rule.fields for rule in compiled)))))


def compile_rule(rule: Rule) -> CompiledRule:
    """A stored rule as the engine wants it."""
    matches, fields = compile_conditions(rule.match, rule.conditions)
    actions = {action["type"]: action["value"] for action in rule.actions}
    return CompiledRule(
        id=rule.pk,
        name=rule.name,
        matches=matches,
        fields=fields,
        triggers=frozenset(rule.triggers),
        category=actions.get("set_category"),
        tags=tuple(actions.get("add_tags", ())),
        suggests_only=rule.mode == Mode.SUGGEST,
        stops=rule.stop_processing,
    )


def _subject(transaction: Transaction) -> Subject:
    return Subject(
        raw_description=transaction.description,
        description=transaction.description,
        merchant=transaction.merchant,
        amount=transaction.amount,
        direction=transaction.direction,
        currency=transaction.currency,
        account=transaction.account,
    )


def _suggestion(outcome: Outcome) -> Suggestion | None:
    if not outcome.matched:
        return None
    decisive = outcome.category_rule
    names = ", ".join(f"“{rule.name}”" for rule in outcome.matched)
    return Suggestion(
        category=outcome.category,
        confidence=1.0 if decisive else 0.0,
        explanation=f"Your rule “{decisive.name}” says so." if decisive else f"Matched by your rule {names}.",
        effects=Effects(tags=tuple(dict.fromkeys(outcome.tags))),
        details={"rules": [{"id": rule.id, "name": rule.name} for rule in outcome.matched]},
        final=decisive is not None and decisive.suggests_only,
    )
