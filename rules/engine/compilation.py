"""From stored rules to compiled ones, and the compiled rules of a ledger, kept for as long as nobody changes one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max

from rules.engine.rule_sets import CompiledRule, RuleSet, compile_rule
from rules.models import Mode, Rule

MAX_CACHED_LEDGERS = 100
#: Action → the field that it writes, and the value where that is not the action's own.
PLAIN_ACTIONS: dict[str, str] = {
    "set_category": "category",
    "set_merchant": "merchant",
    "set_description": "description",
    "set_notes": "notes",
}
FLAGS: dict[str, tuple[str, Any]] = {
    "mark_reviewed": ("review", "done"),
    "needs_review": ("review", "needed"),
    "exclude_from_budget": ("is_excluded_from_budget", True),
}


def compile_stored(rule: Rule) -> CompiledRule:
    """A rule of the database, or one that is not saved yet."""
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
        **_effects_of(rule.actions),
    )


def _effects_of(actions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = {action["type"]: action["value"] for action in actions}
    writes = {PLAIN_ACTIONS[name]: value for name, value in values.items() if name in PLAIN_ACTIONS}
    writes |= dict(FLAGS[name] for name in values if name in FLAGS)
    return {
        "writes": writes,
        "add_tags": tuple(values.get("add_tags", ())),
        "remove_tags": tuple(values.get("remove_tags", ())),
    }


@dataclass(slots=True)
class LedgerRules:
    """The compiled active rules of one ledger, in order."""

    stamp: tuple[Any, ...]
    rules: tuple[CompiledRule, ...]
    _sets: dict[str, RuleSet] = field(default_factory=dict)

    def triggered_by(self, trigger: str) -> RuleSet:
        """Those that are asked then."""
        if trigger not in self._sets:
            self._sets[trigger] = RuleSet(rule for rule in self.rules if trigger in rule.triggers)
        return self._sets[trigger]


_kept: dict[int, LedgerRules] = {}


def rules_of(ledger_id: int) -> LedgerRules:
    """Compiled once a process for each version of the ledger's rules; one small query asks for the version."""
    rules = Rule.objects.filter(ledger_id=ledger_id)
    stamp = tuple(rules.order_by().aggregate(Max("version"), Count("id")).values())
    known = _kept.get(ledger_id)
    if known is None or known.stamp != stamp:
        if len(_kept) >= MAX_CACHED_LEDGERS:
            _kept.clear()
        known = _kept[ledger_id] = LedgerRules(stamp, compile_all(rules.filter(is_active=True)))
    return known


def compile_all(rules: Iterable[Rule]) -> tuple[CompiledRule, ...]:
    """Compiled in the order in which they come."""
    return tuple(compile_stored(rule) for rule in rules)


def forget_rules() -> None:
    """Drop what is kept: ids and versions mean something else in another database."""
    _kept.clear()
