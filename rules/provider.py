"""The first link of the chain: what the user's own rules say."""

from collections.abc import Hashable, Sequence
from typing import Any

from providers.interface import NO_EFFECTS, Answer, Effects, Provider, Suggestion, Transaction
from rules.compiling import rules_of
from rules.conditions import Subject
from rules.engine import Asking, Matched, RuleSet
from rules.explanations import explain
from rules.operators.patterns import limited_time
from rules.services.timeouts import note_timeouts
from rules.settling import PLAIN, TEXTS, VERSION, Settlement, State, Traits, as_written, settle


class RulesProvider(Provider):
    """Answers with certainty what a rule of mode apply says; a rule of mode suggest is left for the user to confirm."""

    name = "rule"
    version = VERSION
    is_measured = False

    def categorize_many(self, transactions: Sequence[Transaction]) -> Sequence[Answer]:
        with limited_time() as limit:
            askings: dict[tuple[int, str], _Inquiry] = {}
            answers = [_inquiry(t, askings).answer(t) for t in transactions]
        for (owner, _), inquiry in askings.items():
            note_timeouts(ledger_id=owner, rules=inquiry.rule_set.rules, timeouts=limit.timeouts)
        return answers


def _inquiry(transaction: Transaction, askings: "dict[tuple[int, str], _Inquiry]") -> "_Inquiry":
    key = transaction.owner, transaction.trigger
    if key not in askings:
        askings[key] = _Inquiry(rules_of(transaction.owner).triggered_by(transaction.trigger))
    return askings[key]


class _Inquiry:
    """Asks one set of rules about transactions that are not rows yet; those alike get the very same answer."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._asking = Asking(rule_set)
        written = {name for rule in rule_set.rules for name in rule.writes if name in PLAIN}
        tags = {"tags"} if any(rule.add_tags or rule.remove_tags for rule in rule_set.rules) else set()
        self._matters = sorted((rule_set.fields | written | tags) & set(Subject.__slots__))
        self._answers: dict[Hashable, Answer] = {}
        self._suggestions: dict[Hashable, Suggestion] = {}

    def answer(self, transaction: Transaction) -> Answer:
        subject = _subject(transaction)
        looked_at = tuple(getattr(subject, name) for name in self._matters)
        key = id(transaction.categories), transaction.stated, looked_at
        if key not in self._answers:
            self._answers[key] = self._suggest(self._settle(transaction, subject), id(transaction.categories))
        return self._answers[key]

    def _settle(self, transaction: Transaction, subject: Subject) -> Settlement:
        state = State(
            merchant=subject.merchant, description=subject.description, notes=subject.notes, tags=subject.tags
        )
        held = transaction.stated | {f"tag:{name}" for name in subject.tags}
        offered = frozenset(category.id for category in transaction.categories)
        traits = Traits(offered, frozenset(held), subject.raw_description)
        return settle(self._ask_about(subject), state, traits, looks_at=self.rule_set.fields)

    def _ask_about(self, subject: Subject) -> Any:
        def ask(state: State) -> Matched:
            return self._asking.matched(as_written(subject, state, texts=TEXTS))

        return ask

    def _suggest(self, settlement: Settlement, offer: int) -> Suggestion | None:
        """One object for all that comes to the same, so that rows with it share a decision."""
        if not settlement.matched:
            return None
        key = offer, tuple(settlement.matched), tuple(settlement.written.items()), settlement.is_circle
        if key not in self._suggestions:
            self._suggestions[key] = _suggestion(settlement)
        return self._suggestions[key]


def _subject(transaction: Transaction) -> Subject:
    return Subject(
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


def _suggestion(settlement: Settlement) -> Suggestion:
    claim = settlement.written.get("category")
    return Suggestion(
        category=claim.value if claim else None,
        confidence=1.0 if claim else 0.0,
        explanation=explain(settlement),
        effects=_effects(settlement),
        details={"rules": [{"id": rule.id, "name": rule.name} for rule in settlement.matched]},
        final=claim is not None and claim.rule.suggests_only,
        source_id=claim.rule.id if claim else None,
    )


def _effects(settlement: Settlement) -> Effects:
    tags = tuple(c.value for name, c in settlement.written.items() if name.startswith("tag:") and c.value)
    fields = tuple((name, c.value) for name, c in settlement.written.items() if name in PLAIN)
    return Effects(tags=tags, fields=fields) if tags or fields else NO_EFFECTS
