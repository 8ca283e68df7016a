"""The first link of the chain: what the user's own rules say."""

from collections.abc import Hashable, Sequence
from typing import Any

from providers.interface import NO_EFFECTS, Answer, Effects, Provider, Suggestion, Transaction
from rules.engine.compilation import rules_of
from rules.engine.conditions import Movement
from rules.engine.evaluation import PLAIN, TEXTS, VERSION, Evaluation, State, Traits, as_written, evaluate, explain
from rules.engine.rule_sets import Matched, Matcher, RuleSet
from rules.operators.patterns import pattern_budget
from rules.services.rules import note_timeouts


class RulesProvider(Provider):
    """Answers with certainty what a rule of mode apply says; a rule of mode suggest is left for the user to confirm."""

    name = "rule"
    version = VERSION
    is_measured = False

    def categorize_many(self, transactions: Sequence[Transaction]) -> Sequence[Answer]:
        with pattern_budget() as limit:
            inquiries: dict[tuple[int, str], _Inquiry] = {}
            answers = [_inquiry(t, inquiries).answer(t) for t in transactions]
        for (owner, _), inquiry in inquiries.items():
            note_timeouts(ledger_id=owner, rules=inquiry.rule_set.rules, timeouts=limit.timeouts)
        return answers


def _inquiry(transaction: Transaction, inquiries: "dict[tuple[int, str], _Inquiry]") -> "_Inquiry":
    key = transaction.owner, transaction.trigger
    if key not in inquiries:
        inquiries[key] = _Inquiry(rules_of(transaction.owner).triggered_by(transaction.trigger))
    return inquiries[key]


class _Inquiry:
    """Asks one set of rules about transactions that are not rows yet; those alike get the very same answer."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._matcher = Matcher(rule_set)
        written = {name for rule in rule_set.rules for name in rule.writes if name in PLAIN}
        tags = {"tags"} if any(rule.add_tags or rule.remove_tags for rule in rule_set.rules) else set()
        self._matters = sorted((rule_set.fields | written | tags) & set(Movement.__slots__))
        self._answers: dict[Hashable, Answer] = {}
        self._suggestions: dict[Hashable, Suggestion] = {}

    def answer(self, transaction: Transaction) -> Answer:
        movement = _subject(transaction)
        looked_at = tuple(getattr(movement, name) for name in self._matters)
        key = id(transaction.categories), transaction.stated, looked_at
        if key not in self._answers:
            self._answers[key] = self._suggest(self._evaluate(transaction, movement), id(transaction.categories))
        return self._answers[key]

    def _evaluate(self, transaction: Transaction, movement: Movement) -> Evaluation:
        state = State(
            merchant=movement.merchant, description=movement.description, notes=movement.notes, tags=movement.tags
        )
        held = transaction.stated | {f"tag:{name}" for name in movement.tags}
        offered = frozenset(category.id for category in transaction.categories)
        traits = Traits(offered, frozenset(held), movement.raw_description)
        return evaluate(self._ask_about(movement), state, traits, looks_at=self.rule_set.fields)

    def _ask_about(self, movement: Movement) -> Any:
        def ask(state: State) -> Matched:
            return self._matcher.matched(as_written(movement, state, texts=TEXTS))

        return ask

    def _suggest(self, evaluation: Evaluation, offer: int) -> Suggestion | None:
        """One object for all that comes to the same, so that rows with it share a decision."""
        if not evaluation.matched:
            return None
        key = offer, tuple(evaluation.matched), tuple(evaluation.written.items()), evaluation.is_circle
        if key not in self._suggestions:
            self._suggestions[key] = _suggestion(evaluation)
        return self._suggestions[key]


def _subject(transaction: Transaction) -> Movement:
    return Movement(
        raw_description=transaction.description,
        description=transaction.description,
        merchant=transaction.merchant,
        amount=transaction.amount,
        direction=transaction.direction,
        currency=transaction.currency,
        account=transaction.account,
        date=transaction.date,
        tags=frozenset(map(str.casefold, transaction.tags)),
        payment_method=transaction.payment_method,
        notes=transaction.notes,
        iban=transaction.iban,
        mcc=transaction.mcc,
    )


def _suggestion(evaluation: Evaluation) -> Suggestion:
    claim = evaluation.written.get("category")
    return Suggestion(
        category=claim.value if claim else None,
        confidence=1.0 if claim else 0.0,
        explanation=explain(evaluation),
        effects=_effects(evaluation),
        details={"rules": [{"id": rule.id, "name": rule.name} for rule in evaluation.matched]},
        final=claim is not None and claim.rule.suggests_only,
        source_id=claim.rule.id if claim else None,
    )


def _effects(evaluation: Evaluation) -> Effects:
    tags = tuple(c.value for name, c in evaluation.written.items() if name.startswith("tag:") and c.value)
    fields = tuple((name, c.value) for name, c in evaluation.written.items() if name in PLAIN)
    return Effects(tags=tags, fields=fields) if tags or fields else NO_EFFECTS
