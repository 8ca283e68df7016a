"""Rules drafted from transactions that a user put into a category. Nothing is written."""

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
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import read_stored_rows
from rules.models import TRIGGERS, Mode, Overwrite, Proposal, Rule
from rules.proposals.drafts import (
    RuleDraft,
    account_condition,
    draft_of_many,
    draft_of_one,
    draft_of_similar,
)
from rules.proposals.grouping import CorrectedRow, make_of_groups, similar_groups
from rules.proposals.vocabulary import Vocabulary
from rules.services.impact import Impact, Votes, count_votes, measure_impacts

NAME_LENGTH = Rule._meta.get_field("name").max_length or 0
#: Rows of a reviewed group that a rule is drafted from.
MAX_ROWS = 100

#: Phrase, direction and category of a proposal; a ledger has one proposal with each key.
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """A rule that could be proposed, and the corrections that support it."""

    draft: RuleDraft
    head: str
    direction: str
    category: int
    evidence: tuple[int, ...]

    @property
    def key(self) -> Key:
        return self.draft.phrase, self.direction, self.category

    @property
    def rule_fields(self) -> dict[str, Any]:
        """The fields of its rule, as a proposal stores them."""
        return rule_of(self.draft, category=self.category).content


class RuleDrafter:
    """Drafts rules for one ledger, and keeps what it has read of the ledger."""

    def __init__(self, *, ledger_id: int, catalog: Catalog) -> None:
        self.ledger_id = ledger_id
        self._movements: dict[int, Movement] = {}
        self._rule_set = RuleSet(rules_of(ledger_id).rules)
        self._evaluator = Evaluator(ledger_id=ledger_id, matcher=Matcher(self._rule_set), catalog=catalog)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the ledger, read when the first group is large enough."""
        confirmed = Case(When(review_status=CategorizationStatus.CONFIRMED, then=F("category_id")))
        rows = Transaction.objects.filter(ledger_id=self.ledger_id).exclude(match_text="").order_by()
        return Vocabulary(rows.values_list("match_text", confirmed).distinct())

    def of_corrections(
        self, corrections: Sequence[CorrectedRow], *, touched: Set[str], waiting: Sequence[Proposal], least: int
    ) -> list[ProposalDraft]:
        """Return drafts for at least `least` equal corrections, unless a rule covers them.

        `touched` are the first words of texts to look at again; other texts give only proposals that are waiting.
        """
        known: Mapping[Key, list[Any]] = {proposal.key: proposal.rule["conditions"] for proposal in waiting}
        heads = touched | {proposal.head for proposal in waiting}

        def weigh(draft: RuleDraft | None, rows: Sequence[CorrectedRow], head: str) -> ProposalDraft | None:
            """Return None if most confirmed rows speak against the draft."""
            if draft is None:
                return None
            made = ProposalDraft(draft, head, rows[0].direction, rows[0].category, tuple(row.id for row in rows))
            if head not in touched:
                conditions = known.get(made.key)
                return replace(made, draft=replace(draft, conditions=conditions)) if conditions else None
            spared, votes = self._with_account(draft, self._examples(rows), made.category)
            return replace(made, draft=spared) if votes.disagree <= votes.agree else None

        def draft_group(rows: Sequence[CorrectedRow]) -> ProposalDraft | None:
            head = rows[0].head
            return weigh(draft_of_many(self._examples(rows), head=head, vocabulary=self.vocabulary), rows, head)

        self._read([row.id for row in corrections])
        left = [row for row in corrections if not self._is_covered(row)]
        made = make_of_groups([row for row in left if row.head in heads], least=least, make=draft_group)
        taken = {pk for one in made for pk in one.evidence}
        for rows in similar_groups([row for row in left if row.id not in taken], least=least):
            words = rows[0].text.split()
            draft = draft_of_similar(self._examples(rows), words=words, vocabulary=self.vocabulary)
            one = weigh(draft, rows, "")
            made += [one] if one is not None else []
        return made

    def of_row(self, row: Transaction, *, category: int) -> RuleDraft | None:
        """Return the draft for one transaction, or None if its text names no merchant."""
        self._read([row.pk])
        example, head = self._movements[row.pk], row.match_text.split(" ", 1)[0]
        draft = draft_of_one(example, head=head, vocabulary=self.vocabulary)
        return self._with_account(draft, [example], category)[0] if draft is not None else None

    def of_rows(self, rows: Sequence[CorrectedRow]) -> RuleDraft | None:
        """Return the draft for rows that a user puts into one category now.

        Return None if their texts name no merchant, or several, or if a rule covers them.
        """
        self._read([row.id for row in rows])
        heads = {(row.direction, row.head) for row in rows}
        if len(heads) != 1 or not rows[0].head or all(map(self._is_covered, rows)):
            return None
        examples = self._examples(rows)
        if len({row.text for row in rows}) > 1:
            draft = draft_of_many(examples, head=rows[0].head, vocabulary=self.vocabulary)
        else:
            draft = draft_of_one(examples[0], head=rows[0].head, vocabulary=self.vocabulary)
        return self._with_account(draft, examples, rows[0].category)[0] if draft is not None else None

    def _with_account(self, draft: RuleDraft, examples: Sequence[Movement], category: int) -> tuple[RuleDraft, Votes]:
        """Add the account if the examples share one and that spares confirmed rows of other categories."""
        votes = count_votes(rule_of(draft, category=category), ledger_id=self.ledger_id)
        account = account_condition(examples) if votes.disagree else None
        if account is not None:
            narrowed = replace(draft, conditions=[*draft.conditions, account])
            closer = count_votes(rule_of(narrowed, category=category), ledger_id=self.ledger_id)
            if closer.disagree < votes.disagree:
                return narrowed, closer
        return draft, votes

    def _read(self, ids: Sequence[int]) -> None:
        rows = Transaction.objects.filter(ledger_id=self.ledger_id, pk__in=ids)
        for row in read_stored_rows(rows, user=None, with_tags="tags" in self._rule_set.fields):
            self._movements[row.id] = self._evaluator.movement(row)

    def _examples(self, rows: Sequence[CorrectedRow]) -> list[Movement]:
        return [self._movements[row.id] for row in rows]

    def _is_covered(self, row: CorrectedRow) -> bool:
        """Return True if a rule sets the row's category, or the row is gone."""
        movement = self._movements.get(row.id)
        return movement is None or any(
            rule.category == row.category and not rule.suggests_only and rule.matches(movement)
            for rule in self._rule_set.rules
        )


def rule_of(draft: RuleDraft, *, category: int) -> Rule:
    """Return the rule, not saved; it sets the category and leaves all else to the rules after it."""
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


def suggest_rule(*, transaction: Transaction, category: Category, catalog: Catalog) -> tuple[Rule, Impact]:
    """Return a rule for one transaction, not saved, and its impact. Raises Refusal if the text names no merchant."""
    drafter = RuleDrafter(ledger_id=transaction.ledger_id, catalog=catalog)
    draft = drafter.of_row(transaction, category=category.pk)
    if draft is None:
        detail = (
            "Nothing in this text tells its merchant from others: all its words are of payments, kinds of shop, "
            "places, or in front of many names. Write the rule yourself, by account or amount as well."
        )
        raise Refusal(detail, code="names_nobody")
    rule = rule_of(draft, category=category.pk)
    [impact] = measure_impacts([rule], ledger_id=transaction.ledger_id, catalog=catalog)
    return rule, impact


def offer_rule(*, rows: Sequence[OpenRow], category: Category, ledger_id: int, catalog: Catalog) -> Rule | None:
    """Return a rule, not saved, that gives reviewed rows the user's category, or None if there is none to offer."""
    answered = [CorrectedRow(row.id, row.match_text, row.direction, category.pk) for row in rows[:MAX_ROWS]]
    draft = RuleDrafter(ledger_id=ledger_id, catalog=catalog).of_rows(answered) if answered else None
    return rule_of(draft, category=category.pk) if draft is not None else None
