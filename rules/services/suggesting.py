"""A rule for transactions like one, when its owner asks for it."""

from expenses.catalog import Catalog
from expenses.models import Category, Transaction
from expenses.services.writing import Refused
from rules.models import Rule
from rules.services.drafting import Drafting, rule_of
from rules.services.radius import Radius, measure

NAMES_NOBODY = (
    "Nothing in this text tells its merchant from others: all its words are of payments, kinds of shop, places, or "
    "in front of many names. Write the rule yourself, by account or amount as well."
)


def suggest_rule(*, transaction: Transaction, category: Category, catalog: Catalog) -> tuple[Rule, Radius]:
    """The rule, not saved, and what it would do. Raises Refused where the text names nobody."""
    drafting = Drafting(ledger_id=transaction.ledger_id, catalog=catalog)
    draft = drafting.of_row(transaction, category=category.pk)
    if draft is None:
        raise Refused(NAMES_NOBODY, code="names_nobody")
    rule = rule_of(draft, category=category.pk)
    [radius] = measure([rule], ledger_id=transaction.ledger_id, catalog=catalog)
    return rule, radius
