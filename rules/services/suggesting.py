"""A rule for transactions like one, when its owner asks for it, and for those that somebody has just answered."""

from collections.abc import Sequence

from expenses.categorization.catalog import Catalog
from expenses.categorization.review_groups import OpenRow
from expenses.models import Category, Transaction
from expenses.services.ledger_lock import Refusal
from rules.models import Rule
from rules.proposals.grouping import Correction
from rules.services.drafting import Drafting, rule_of
from rules.services.radius import Radius, measure

#: Rows of an answered group that the rule is made of.
MAX_ROWS = 100
NAMES_NOBODY = (
    "Nothing in this text tells its merchant from others: all its words are of payments, kinds of shop, places, or "
    "in front of many names. Write the rule yourself, by account or amount as well."
)


def suggest_rule(*, transaction: Transaction, category: Category, catalog: Catalog) -> tuple[Rule, Radius]:
    """The rule, not saved, and what it would do. Raises Refusal where the text names nobody."""
    drafting = Drafting(ledger_id=transaction.ledger_id, catalog=catalog)
    draft = drafting.of_row(transaction, category=category.pk)
    if draft is None:
        raise Refusal(NAMES_NOBODY, code="names_nobody")
    rule = rule_of(draft, category=category.pk)
    [radius] = measure([rule], ledger_id=transaction.ledger_id, catalog=catalog)
    return rule, radius


def offer_rule(*, rows: Sequence[OpenRow], category: Category, ledger_id: int, catalog: Catalog) -> Rule | None:
    """A rule that would have said of the rows what a person says now, not saved; None where there is none to offer."""
    answered = [Correction(row.id, row.match_text, row.direction, category.pk) for row in rows[:MAX_ROWS]]
    draft = Drafting(ledger_id=ledger_id, catalog=catalog).of_rows(answered) if answered else None
    return rule_of(draft, category=category.pk) if draft is not None else None
