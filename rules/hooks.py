"""The ledger's calls into rules: renamed and merged categories and tags, edits, and deleted users."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from expenses.hooks import EditHook, ReferenceHook
from expenses.models import Change, Run
from expenses.models.ledgers import Ledger
from expenses.services.delete_account import forget_tasks
from rules.engine.conditions import leaves_of
from rules.exchange.packs import fingerprint_of
from rules.models import Proposal, Rule
from rules.services.proposals import move_proposals, remove_proposals
from rules.services.rules import queue_proposing
from rules.services.runs import apply_at_once

Part = Mapping[str, Any]
Rewrite = Callable[[Any], Any]
#: Action → the field of a condition that takes the same values.
NAMING = {"set_category": "category", "add_tags": "tags", "remove_tags": "tags"}


class RuleReferences(ReferenceHook):
    """The references of a ledger's rules and proposals: to categories by id, and to tags by name."""

    name = "rules"

    def count(self, *, ledger_id: int, category: int) -> int:
        return len(_rules_with(ledger_id, category))

    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        rules = _rules_with(ledger_id, category)
        for rule in rules:
            _rewrite(rule, "category", lambda found: into if found == category else found, version)
        move_proposals(ledger_id=ledger_id, category=category, into=into, version=version)
        return len(rules)

    def forget(self, *, ledger_id: int, category: int, version: int) -> None:
        """Delete the proposals of the category; a rule with it holds it back."""
        proposals = Proposal.objects.filter(ledger_id=ledger_id, category=category)
        remove_proposals(proposals, ledger_id=ledger_id, version=version)

    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        ids = [rule.pk for rule in _rules_with(ledger_id, category)]
        Rule.objects.filter(pk__in=ids).update(version=version)
        Proposal.objects.filter(ledger_id=ledger_id, category=category).update(version=version)

    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        for rule in Rule.objects.filter(ledger_id=ledger_id):
            _rewrite(rule, "tags", lambda found: into if found.casefold() == name.casefold() else found, version)


class UpdateRules(EditHook):
    """Rules with the trigger `update`, applied to edited rows; they leave alone what the user wrote."""

    name = "rules"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        return bool(apply_at_once(ledger_id=ledger_id, ids=ids, trigger="update", run=run, version=version))


class ProposeRules(EditHook):
    """Proposals from corrected categories, made by a task later; the rows stay as they are."""

    name = "proposals"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        changes = Change.objects.filter(ledger_id=ledger_id, version=version, fields__has_key="category")
        if changes.exists():
            queue_proposing(ledger_id=ledger_id)
        return False


def erase(*, user: User) -> None:
    """Delete the queued tasks of a user who leaves; rules and proposals go with the ledger."""
    ledgers = Ledger.objects.filter(founder=user).values_list("pk", flat=True)
    forget_tasks("rules.tasks.look_at_corrections", list(ledgers))


def _rules_with(ledger_id: int, category: int) -> list[Rule]:
    """Return the rules that refer to the category."""
    found: list[Rule] = []
    for rule in Rule.objects.filter(ledger_id=ledger_id):
        leaves = [leaf for condition in rule.conditions for leaf in leaves_of(condition)]
        in_conditions = any(leaf["field"] == "category" and category in (leaf["value"] or ()) for leaf in leaves)
        if in_conditions or {"type": "set_category", "value": category} in rule.actions:
            found.append(rule)
    return found


def _rewrite(rule: Rule, field: str, change: Rewrite, version: int) -> None:
    """Change the values of a field in conditions and actions."""

    def changed(condition: Part) -> Part:
        if "conditions" in condition:
            return {**condition, "conditions": [changed(leaf) for leaf in leaves_of(condition)]}
        return _with_values(condition, change) if condition["field"] == field else condition

    conditions = [changed(condition) for condition in rule.conditions]
    actions = [
        _with_values(action, change) if NAMING.get(action["type"]) == field else action for action in rule.actions
    ]
    if (conditions, actions) != (rule.conditions, rule.actions):
        is_as_packed = rule.pack_checksum == fingerprint_of(rule)
        rule.conditions, rule.actions = conditions, actions
        rule.version, rule.updated_at = version, timezone.now()
        if is_as_packed:  # its owner has not edited it
            rule.pack_checksum = fingerprint_of(rule)
        rule.save(update_fields=["conditions", "actions", "pack_checksum", "version", "updated_at"])


def _with_values(part: Part, change: Rewrite) -> Part:
    """Return the part with changed values; values that are equal now are listed once, in the first one's place."""
    value = part.get("value")
    if not isinstance(value, list):
        return {**part, "value": value if value is None else change(value)}
    once = {str(item).casefold(): item for item in reversed([change(item) for item in value])}
    return {**part, "value": list(once.values())[::-1]}
