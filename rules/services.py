"""Everything that writes rules."""

from typing import Any

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.services.writing import ledger_write
from rules.models import Rule


def create_rule(*, by: User, fields: dict[str, Any]) -> Rule:
    """Add a rule; it counts from the next transaction on."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        rule: Rule = Rule.objects.create(ledger_id=ledger_id, version=version, **fields)
        return rule


def edit_rule(*, by: User, rule: Rule, fields: dict[str, Any]) -> Rule:
    """Change a rule; what it did before stays as it is."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Rule = Rule.objects.get(pk=rule.pk)  # as it is now, which may not be what was checked
        for name, value in fields.items():
            setattr(row, name, value)
        row.version = version
        row.save()
        return row


def delete_rule(*, by: User, rule: Rule) -> None:
    """Remove a rule; decisions that it made keep their explanation."""
    with ledger_write(ledger_id_of(by)):
        rule.delete()
