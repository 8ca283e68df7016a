"""Makes rules of transactions that a person put into a category, and sees what they would do. Nothing is written."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from string import capwords
from typing import Any

from django.db.models import Case, F, When

from expenses.categorization.catalog import Catalog
from expenses.categorization.review_groups import OpenRow
from expenses.models import CategorizationStatus, Category, Transaction
from expenses.services.ledger_lock import Refusal
from rules.engine.compilation import rules_of
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.stored_rows import read_stored_rows
from rules.models import TRIGGERS, Mode, Overwrite, Proposal, Rule
from rules.proposals.drafts import RuleDraft, draft_of_alike, draft_of_many, draft_of_one
from rules.proposals.grouping import CorrectedRow, Grouping, alike
from rules.proposals.separation import account_condition
from rules.proposals.vocabulary import Vocabulary
from rules.services.impact import Impact, Votes, count_votes, measure_impacts

#: What a proposal keeps of its rule.
FIELDS = (
    "name", "group", "is_active", "priority", "stop_processing", "mode", "triggers", "overwrite", "match",
    "conditions", "actions",
)  # fmt: skip
NAME_LENGTH = Rule._meta.get_field("name").max_length or 0


#: Phrase, direction and category.
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """A rule that could be proposed, and the corrections that speak for it."""

    draft: RuleDraft
    head: str
    direction: str
    category: int
    evidence: tuple[int, ...]

    @property
    def key(self) -> Key:
        """There is one proposal of it in a ledger."""
        return self.draft.phrase, self.direction, self.category


class RuleDrafter:
    """The rules that a ledger's corrections make; what it has read of the ledger is kept while this lives."""

    def __init__(self, *, ledger_id: int, catalog: Catalog) -> None:
        self.ledger_id, self.catalog = ledger_id, catalog
        self._subjects: dict[int, Movement] = {}
        self._touched: Set[str] = frozenset()
        self._known: Mapping[Key, list[Any]] = {}

    def of_corrections(
        self, corrections: Sequence[CorrectedRow], *, touched: Set[str], waiting: Sequence[Proposal], least: int
    ) -> list[ProposalDraft]:
        """What at least so many equal corrections make, if no rule does it yet.

        `touched` are the first words of texts that are looked at anew; of others only the proposals that wait for an
        answer are made again.
        """
        self._touched = touched
        self._known = {proposal.key: proposal.rule["conditions"] for proposal in waiting}
        heads = touched | {proposal.head for proposal in waiting}
        self._read([row.id for row in corrections])
        left = [row for row in corrections if not self._is_done_by_a_rule(row)]
        made = list(Grouping(least, self._make).all_of([row for row in left if row.head in heads]))
        taken = {pk for one in made for pk in one.evidence}
        groups = alike([row for row in left if row.id not in taken], least=least)
        return made + [one for one in map(self._make_alike, groups) if one is not None]

    def of_row(self, row: Transaction, *, category: int) -> RuleDraft | None:
        """What one transaction makes; None where its text names nobody."""
        self._read([row.pk])
        example, head = self._subjects[row.pk], row.match_text.split(" ", 1)[0]
        draft = draft_of_one(example, head=head, vocabulary=self.vocabulary)
        return self._sparing(draft, [example], category)[0] if draft is not None else None

    def of_rows(self, rows: Sequence[CorrectedRow]) -> RuleDraft | None:
        """What rows make together that a person puts into one category now.

        None where their texts name nobody, or several, and where a rule does it already.
        """
        self._read([row.id for row in rows])
        heads = {(row.direction, row.head) for row in rows}
        if len(heads) != 1 or not rows[0].head or all(map(self._is_done_by_a_rule, rows)):
            return None
        examples = [self._subjects[row.id] for row in rows]
        draft_of = draft_of_many if len({row.text for row in rows}) > 1 else _draft_of_first
        draft = draft_of(examples, head=rows[0].head, vocabulary=self.vocabulary)
        return self._sparing(draft, examples, rows[0].category)[0] if draft is not None else None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the ledger, read when the first group is large enough."""
        confirmed = Case(When(review_status=CategorizationStatus.CONFIRMED, then=F("category_id")))
        rows = Transaction.objects.filter(ledger_id=self.ledger_id).exclude(match_text="").order_by()
        return Vocabulary.of(rows.values_list("match_text", confirmed).distinct())

    def _make(self, rows: Sequence[CorrectedRow]) -> ProposalDraft | None:
        examples = [self._subjects[row.id] for row in rows]
        draft = draft_of_many(examples, head=rows[0].head, vocabulary=self.vocabulary)
        return self._weighed(draft, rows, head=rows[0].head)

    def _make_alike(self, rows: Sequence[CorrectedRow]) -> ProposalDraft | None:
        examples = [self._subjects[row.id] for row in rows]
        draft = draft_of_alike(examples, words=rows[0].text.split(), vocabulary=self.vocabulary)
        return self._weighed(draft, rows, head="")

    def _weighed(self, draft: RuleDraft | None, rows: Sequence[CorrectedRow], *, head: str) -> ProposalDraft | None:
        """None where most confirmed rows speak against it."""
        if draft is None:
            return None
        made = ProposalDraft(draft, head, rows[0].direction, rows[0].category, tuple(row.id for row in rows))
        if head not in self._touched:
            known = self._known.get(made.key)
            return replace(made, draft=replace(draft, conditions=known)) if known else None
        spared, votes = self._sparing(draft, [self._subjects[row.id] for row in rows], made.category)
        return replace(made, draft=spared) if votes.disagree <= votes.agree else None

    def _sparing(self, draft: RuleDraft, examples: Sequence[Movement], category: int) -> tuple[RuleDraft, Votes]:
        """With the account, where the examples are of one and that spares confirmed rows."""
        votes = self._votes(draft, category)
        account = account_condition(examples) if votes.disagree else None
        if account is not None:
            narrowed = draft.narrowed(account)
            closer = self._votes(narrowed, category)
            if closer.disagree < votes.disagree:
                return narrowed, closer
        return draft, votes

    def _votes(self, draft: RuleDraft, category: int) -> Votes:
        return count_votes(rule_of(draft, category=category), ledger_id=self.ledger_id)

    def _read(self, ids: Sequence[int]) -> None:
        rows = Transaction.objects.filter(ledger_id=self.ledger_id, pk__in=ids)
        for record in read_stored_rows(rows, user=None, with_tags="tags" in self._rule_set.fields):
            self._subjects[record.id] = self._evaluator.movement(record)

    @cached_property
    def _rule_set(self) -> RuleSet:
        return RuleSet(rules_of(self.ledger_id).rules)

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(ledger_id=self.ledger_id, matcher=Matcher(self._rule_set), catalog=self.catalog)

    def _is_done_by_a_rule(self, row: CorrectedRow) -> bool:
        movement = self._subjects.get(row.id)
        return movement is None or any(self._does(rule, row, movement) for rule in self._rule_set.rules)

    @staticmethod
    def _does(rule: CompiledRule, row: CorrectedRow, movement: Movement) -> bool:
        return rule.category == row.category and not rule.suggests_only and rule.matches(movement)


def _draft_of_first(examples: Sequence[Movement], *, head: str, vocabulary: Vocabulary) -> RuleDraft | None:
    """Of texts that are the same but for numbers."""
    return draft_of_one(examples[0], head=head, vocabulary=vocabulary)


def rule_of(draft: RuleDraft, *, category: int) -> Rule:
    """The rule, not saved: it sets the category, and leaves all else to the rules behind it."""
    return Rule(
        name=capwords(draft.phrase)[:NAME_LENGTH].strip(),
        stop_processing=False,
        mode=Mode.APPLY,
        triggers=list(TRIGGERS),
        overwrite=Overwrite.MACHINE,
        match="all",
        conditions=draft.conditions,
        actions=[{"type": "set_category", "value": category}],
    )


def fields_of(rule: Rule) -> dict[str, Any]:
    """What a proposal keeps of the rule, and makes a rule of again."""
    return {name: getattr(rule, name) for name in FIELDS}


#: Rows of an answered group that the rule is made of.
MAX_ROWS = 100
NAMES_NOBODY = (
    "Nothing in this text tells its merchant from others: all its words are of payments, kinds of shop, places, or "
    "in front of many names. Write the rule yourself, by account or amount as well."
)


def suggest_rule(*, transaction: Transaction, category: Category, catalog: Catalog) -> tuple[Rule, Impact]:
    """The rule, not saved, and what it would do. Raises Refusal where the text names nobody."""
    drafting = RuleDrafter(ledger_id=transaction.ledger_id, catalog=catalog)
    draft = drafting.of_row(transaction, category=category.pk)
    if draft is None:
        raise Refusal(NAMES_NOBODY, code="names_nobody")
    rule = rule_of(draft, category=category.pk)
    [radius] = measure_impacts([rule], ledger_id=transaction.ledger_id, catalog=catalog)
    return rule, radius


def offer_rule(*, rows: Sequence[OpenRow], category: Category, ledger_id: int, catalog: Catalog) -> Rule | None:
    """A rule that would have said of the rows what a person says now, not saved; None where there is none to offer."""
    answered = [CorrectedRow(row.id, row.match_text, row.direction, category.pk) for row in rows[:MAX_ROWS]]
    draft = RuleDrafter(ledger_id=ledger_id, catalog=catalog).of_rows(answered) if answered else None
    return rule_of(draft, category=category.pk) if draft is not None else None
