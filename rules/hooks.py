"""Rules follow the categories and tags that they name, in conditions as in actions."""

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
from rules.models import Rule
from rules.services.proposals import move_proposals
from rules.services.rules import queue_proposing
from rules.services.runs import apply_at_once

Part = Mapping[str, Any]
Value = Callable[[Any], Any]


class RuleReferences(ReferenceHook):
    """The rules of a ledger; they name categories by id and tags by name."""

    name = "rules"

    def count(self, *, ledger_id: int, category: int) -> int:
        return sum(_names(rule, category) for rule in Rule.objects.filter(ledger_id=ledger_id))

    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        def follow(found: int) -> int:
            return into if found == category else found

        rules = [rule for rule in Rule.objects.filter(ledger_id=ledger_id) if _names(rule, category)]
        for rule in rules:
            _rewrite(rule, "category", follow, version)
        move_proposals(ledger_id=ledger_id, category=category, into=into, version=version)
        return len(rules)

    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        rules = Rule.objects.filter(ledger_id=ledger_id)
        ids = [rule.pk for rule in rules if _names(rule, category)]
        Rule.objects.filter(pk__in=ids).update(version=version)

    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        def follow(found: str) -> str:
            return into if found.casefold() == name.casefold() else found

        for rule in Rule.objects.filter(ledger_id=ledger_id):
            _rewrite(rule, "tags", follow, version)


#: What actions name → the field of a condition that names the same.
NAMING = {"set_category": "category", "add_tags": "tags", "remove_tags": "tags"}


def _names(rule: Rule, category: int) -> bool:
    found: list[int] = []
    _changed(rule, "category", lambda value: found.append(value) or value)  # type: ignore[func-returns-value]
    return category in found


def _rewrite(rule: Rule, field: str, change: Value, version: int) -> None:
    conditions, actions = _changed(rule, field, change)
    if (conditions, actions) != (rule.conditions, rule.actions):
        is_as_packed = rule.pack_checksum == fingerprint_of(rule)
        rule.conditions, rule.actions = conditions, actions
        rule.version, rule.updated_at = version, timezone.now()
        if is_as_packed:  # its owner has not edited it
            rule.pack_checksum = fingerprint_of(rule)
        rule.save(update_fields=["conditions", "actions", "pack_checksum", "version", "updated_at"])


def _changed(rule: Rule, field: str, change: Value) -> tuple[list[Part], list[Part]]:
    """Conditions and actions with other values of a field."""
    actions = [_with(action, change) if NAMING.get(action["type"]) == field else action for action in rule.actions]
    return [_condition(condition, field, change) for condition in rule.conditions], actions


def _condition(condition: Part, field: str, change: Value) -> Part:
    if "conditions" in condition:
        inner = [_condition(leaf, field, change) for leaf in leaves_of(condition)]
        return {**condition, "conditions": inner}
    return _with(condition, change) if condition["field"] == field else condition


def _with(part: Part, change: Value) -> Part:
    """The part with a changed value; what has become the same is named once, as it was named first."""
    value = part.get("value")
    if not isinstance(value, list):
        return {**part, "value": value if value is None else change(value)}
    once = {str(item).casefold(): item for item in reversed([change(item) for item in value])}
    return {**part, "value": list(once.values())[::-1]}


class RulesAgain(EditHook):
    """What a person wrote stays: rules leave alone what is held."""

    name = "rules"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        return bool(apply_at_once(ledger_id=ledger_id, ids=ids, trigger="update", run=run, version=version))


class Noticing(EditHook):
    """Queues a look whether chosen categories make a rule to propose; the rows stay as they are."""

    name = "proposals"

    def after_edit(self, *, ledger_id: int, ids: Sequence[int], version: int, run: Run | None) -> bool:
        if Change.objects.filter(ledger_id=ledger_id, version=version, fields__has_key="category").exists():
            queue_proposing(ledger_id=ledger_id)
        return False


def erase(*, user: User) -> None:
    """Forget that the corrections of the person's ledgers were to be looked at."""
    ledgers = Ledger.objects.filter(founder=user).values_list("pk", flat=True)
    forget_tasks("rules.tasks.look_at_corrections", list(ledgers))
