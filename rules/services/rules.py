"""Everything that writes rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, add_row, change_row, ledger_write, remove_row, write_nothing
from expenses.services.ledger_queue import LedgerTask
from rules.engine.rule_sets import CompiledRule
from rules.models import Attention, Proposal, ProposalStatus, Rule

#: Room between two rules, for one that is to come between them.
STEP = 10
#: Propose rules from corrections.
LOOK_AT_CORRECTIONS = LedgerTask("rules.tasks.look_at_corrections", Attention, "looking_until")


def create_rule(*, by: User, fields: dict[str, Any]) -> Rule:
    """Add a rule; it counts from the next transaction on."""
    with transaction.atomic():
        rule = add_row(Rule, by=by, fields=fields)
        _check_open_proposals(rule.ledger_id)
        return rule


def edit_rule(*, by: User, rule: Rule, fields: dict[str, Any]) -> Rule:
    """Change a rule; its earlier effects stay as they are."""
    with transaction.atomic():
        changed = change_row(rule, by=by, fields=fields)
        _check_open_proposals(changed.ledger_id)
        return changed


def reorder_rules(*, by: User, ids: Sequence[int]) -> None:
    """Let the rules come in this order, in the places that they have together; all others keep theirs.

    Priorities are written anew, in tens. Raises Refusal if one of the rules is gone.
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
            write_nothing()
            return
        for place, rule in enumerate(ordered, 1):
            if rule.priority != place * STEP:
                rule.priority, rule.version = place * STEP, version
                rule.save(update_fields=["priority", "version", "updated_at"])


def delete_rule(*, by: User, rule: Rule) -> None:
    """Delete a rule; decisions that it made keep their explanation."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        Proposal.objects.filter(ledger_id=ledger_id, accepted_rule=rule).update(version=version)
        remove_row(rule, ledger_id=ledger_id, version=version)


def note_timeouts(*, ledger_id: int, rules: Iterable[CompiledRule], timeouts: Mapping[str, int]) -> None:
    """Add timeouts, numbered by pattern, to the statistics of the rules. Writes nothing if there are none."""
    if not timeouts:
        return
    for rule in rules:
        n = sum(timeouts.get(pattern, 0) for pattern in rule.compiled.patterns)
        if n and rule.id is not None:
            Rule.objects.filter(ledger_id=ledger_id, pk=rule.id).update(n_timeouts=F("n_timeouts") + n)


def queue_proposing(*, ledger_id: int) -> None:
    """Queue the task that proposes rules, unless it is queued already. Call it under the ledger's lock."""
    if settings.PROPOSAL_AFTER:
        LOOK_AT_CORRECTIONS.queue(ledger_id)


def _check_open_proposals(ledger_id: int) -> None:
    """Queue the task if a proposal is open: the new rule may do its work."""
    if Proposal.objects.filter(ledger_id=ledger_id, status=ProposalStatus.OPEN).exists():
        queue_proposing(ledger_id=ledger_id)
