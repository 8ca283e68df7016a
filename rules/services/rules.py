"""Everything that writes rules."""

from typing import Any

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.services.writing import add_row, change_row, ledger_write
from rules.models import Rule


def create_rule(*, by: User, fields: dict[str, Any]) -> Rule:
    """Add a rule; it counts from the next transaction on."""
    return add_row(Rule, by=by, fields=fields)


def edit_rule(*, by: User, rule: Rule, fields: dict[str, Any]) -> Rule:
    """Change a rule; what it did before stays as it is."""
    return change_row(rule, by=by, fields=fields)


def delete_rule(*, by: User, rule: Rule) -> None:
    """Remove a rule; decisions that it made keep their explanation."""
    with ledger_write(ledger_id_of(by)):
        rule.delete()
