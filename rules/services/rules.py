"""Everything that writes rules."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, add_row, change_row, ledger_write
from rules.models import Rule
from rules.tasks import queue_looking_at_open

#: Room between two rules, for one that is to come between them.
STEP = 10


def create_rule(*, by: User, fields: dict[str, Any]) -> Rule:
    """Add a rule; it counts from the next transaction on."""
    with transaction.atomic():
        rule = add_row(Rule, by=by, fields=fields)
        queue_looking_at_open(ledger_id=rule.ledger_id)
        return rule


def edit_rule(*, by: User, rule: Rule, fields: dict[str, Any]) -> Rule:
    """Change a rule; what it did before stays as it is."""
    with transaction.atomic():
        changed = change_row(rule, by=by, fields=fields)
        queue_looking_at_open(ledger_id=changed.ledger_id)
        return changed


def reorder_rules(*, by: User, ids: Sequence[int]) -> None:
    """Let the rules come in this order, in the places that they have together; all others keep theirs.

    Priorities are written anew, in tens. Raises Refusal where one of them is gone.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        rules = list(Rule.objects.filter(ledger_id=ledger_id))
        chosen = set(ids)
        named = {rule.pk: rule for rule in rules if rule.pk in chosen}
        if missing := [pk for pk in ids if pk not in named]:
            raise Refusal(f"There is no rule {missing[0]} any more; read the rules again.", code="gone")
        wanted = iter(ids)
        ordered = [named[next(wanted)] if rule.pk in named else rule for rule in rules]
        if ordered == rules:
            return
        for place, rule in enumerate(ordered, 1):
            _place(rule, place * STEP, version)


def _place(rule: Rule, priority: int, version: int) -> None:
    if rule.priority != priority:
        rule.priority, rule.version = priority, version
        rule.save(update_fields=["priority", "version", "updated_at"])


def delete_rule(*, by: User, rule: Rule) -> None:
    """Remove a rule; decisions that it made keep their explanation."""
    with ledger_write(ledger_id_of(by)):
        rule.delete()
