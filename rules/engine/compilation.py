"""Stored rules as compiled ones, cached until a rule of the ledger changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from rules.engine.rule_sets import CompiledRule, RuleSet, compile_rule
from rules.models import Mode, Rule

MAX_CACHED_LEDGERS = 100
#: Written out, because nearly every write asks it and composing it took ten times as long as answering it.
STAMP = "SELECT MAX(version), COUNT(*) FROM rules_rule WHERE ledger_id = %s"
#: Action → the field that its value is written to.
WRITES = {
    "set_category": "category",
    "set_merchant": "merchant",
    "set_description": "description",
    "set_notes": "notes",
}
#: Action without a value of its own → the field, and what is written.
FLAGS: dict[str, tuple[str, Any]] = {
    "mark_reviewed": ("review", "done"),
    "needs_review": ("review", "needed"),
    "exclude_from_budget": ("is_excluded_from_budget", True),
}


def compile_stored(rule: Rule) -> CompiledRule:
    """Compile a rule of the database, or one that is not saved yet."""
    values = {action["type"]: action["value"] for action in rule.actions}
    writes = {WRITES[name]: value for name, value in values.items() if name in WRITES}
    return compile_rule(
        match=rule.match,
        conditions=rule.conditions,
        id=rule.pk,
        name=rule.name,
        triggers=frozenset(rule.triggers),
        suggests_only=rule.mode == Mode.SUGGEST,
        stops=rule.stop_processing,
        overwrite=rule.overwrite,
        priority=rule.priority,
        writes=writes | dict(FLAGS[name] for name in values if name in FLAGS),
        add_tags=tuple(values.get("add_tags", ())),
        remove_tags=tuple(values.get("remove_tags", ())),
    )


def compile_all(rules: Iterable[Rule]) -> tuple[CompiledRule, ...]:
    """Compile rules, in their order."""
    return tuple(compile_stored(rule) for rule in rules)


@dataclass(slots=True)
class LedgerRules:
    """The compiled active rules of one ledger, in order."""

    stamp: tuple[Any, ...]
    rules: tuple[CompiledRule, ...]
    _sets: dict[str, RuleSet] = field(default_factory=dict)

    def triggered_by(self, trigger: str) -> RuleSet:
        """Return the rules with the trigger."""
        if trigger not in self._sets:
            self._sets[trigger] = RuleSet(rule for rule in self.rules if trigger in rule.triggers)
        return self._sets[trigger]


_cached: dict[int, LedgerRules] = {}


def rules_of(ledger_id: int) -> LedgerRules:
    """Return the ledger's active rules, compiled once per process and version; one small query asks for the version."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP, [ledger_id])
        stamp = cursor.fetchone()
    known = _cached.get(ledger_id)
    if known is None or known.stamp != stamp:
        if len(_cached) >= MAX_CACHED_LEDGERS:
            _cached.clear()
        rules = Rule.objects.filter(ledger_id=ledger_id, is_active=True)
        known = _cached[ledger_id] = LedgerRules(stamp, compile_all(rules))
    return known


def forget_rules() -> None:
    """Empty the cache: ids and versions mean something else in another database."""
    _cached.clear()
