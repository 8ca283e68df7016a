"""The first link of the chain: the user's own rules."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from providers.interface import (
    EFFECT_FIELDS,
    NO_EFFECTS,
    VARYING,
    Answer,
    Effects,
    Evidence,
    Provider,
    Question,
    Suggestion,
)
from rules.engine.compilation import rules_of
from rules.engine.evaluation import VERSION, Evaluation, evaluate, explain
from rules.engine.movements import Movement
from rules.engine.rule_sets import Matcher, RuleSet
from rules.operators.patterns import pattern_budget
from rules.services.rules import note_timeouts


class RulesProvider(Provider):
    """Answers with certainty for rules of mode apply; rules of mode suggest leave the decision to the user."""

    name = "rule"
    version = VERSION
    is_measured = False

    def looks_at(self, question: Question) -> frozenset[str]:
        """Return what the owner's rules look at."""
        return VARYING & rules_of(question.owner).triggered_by(question.trigger).fields

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        known: dict[tuple[int, str], _RuleAnswers] = {}
        answers: list[Answer] = []
        with pattern_budget() as budget:
            for question in questions:
                key = question.owner, question.trigger
                if key not in known:
                    known[key] = _RuleAnswers(rules_of(question.owner).triggered_by(question.trigger))
                answers.append(known[key].answer(question))
        if budget.timeouts:
            for (owner, _), asked in known.items():
                note_timeouts(ledger_id=owner, rules=asked.rule_set.rules, timeouts=budget.timeouts)
        return answers


class _RuleAnswers:
    """Answers of one set of rules; transactions that look the same to the rules share one."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._matcher = Matcher(rule_set)
        written = {name for rule in rule_set.rules for name in rule.writes if name in EFFECT_FIELDS}
        tags = {"tags"} if any(rule.add_tags or rule.remove_tags for rule in rule_set.rules) else set()
        self._compared = sorted(rule_set.fields | written | tags)
        self._answers: dict[Hashable, Suggestion | None] = {}
        self._suggestions: dict[Hashable, Suggestion] = {}

    def answer(self, question: Question) -> Suggestion | None:
        if not self.rule_set.rules:
            return None
        movement = Movement(
            raw_description=question.description,
            description=question.description,
            merchant=question.merchant,
            amount=question.amount,
            direction=question.direction,
            currency=question.currency,
            account=question.account,
            date=question.date,
            tags=frozenset(map(str.casefold, question.tags)),
            payment_method=question.payment_method,
            notes=question.notes,
            iban=question.iban,
            mcc=question.mcc,
        )
        offer = id(question.categories)
        key = offer, question.stated, tuple(getattr(movement, name) for name in self._compared)
        if key not in self._answers:
            held = question.stated | {f"tag:{name}" for name in movement.tags}
            offered = frozenset(category.id for category in question.categories)
            row = replace(movement, held=held, offered=offered)
            found = evaluate(row, self._matcher.matched, looks_at=self.rule_set.fields)
            self._answers[key] = self._suggestion(found, offer) if found.matched else None
        return self._answers[key]

    def _suggestion(self, found: Evaluation, offer: int) -> Suggestion:
        """Return one object for equal results, so that rows with it share a decision."""
        key = offer, tuple(found.matched), tuple(found.written.items()), found.is_circle
        if key not in self._suggestions:
            claim = found.written.get("category")
            tags = tuple(c.value for name, c in found.written.items() if name.startswith("tag:") and c.value)
            fields = tuple((name, c.value) for name, c in found.written.items() if name in EFFECT_FIELDS)
            self._suggestions[key] = Suggestion(
                category=claim.value if claim else None,
                confidence=1.0 if claim else 0.0,
                explanation=explain(found),
                effects=Effects(tags=tags, fields=fields) if tags or fields else NO_EFFECTS,
                details={"rules": [{"id": rule.id, "name": rule.name} for rule in found.matched]},
                final=claim is not None and claim.rule.suggests_only,
                source_id=claim.rule.id if claim else None,
                evidence=Evidence.RULE,
            )
        return self._suggestions[key]
