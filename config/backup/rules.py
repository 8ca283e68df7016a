"""Checks of the rules in a backup. They keep the limits that a client keeps, because every write asks the rules."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from config.backup.values import WrongValue
from rules.models import TRIGGERS
from rules.operators import ValueType
from rules.serializers.actions import ActionSerializer
from rules.serializers.conditions import MAX_CONDITIONS, ConditionSerializer
from rules.serializers.rules import RuleSerializer


class StoredConditionSerializer(ConditionSerializer):
    """A condition as it is stored: accounts and categories are ids, and tags are names."""

    def _item(self, name: str, kind: ValueType, value: Any) -> Any:
        if kind is ValueType.ID:
            _require(type(value) is int)
            return value
        _require(kind is not ValueType.TAG or isinstance(value, str))
        return super()._item(name, kind, value)


def check_conditions(value: Any) -> None:
    """Raise WrongValue unless a client could have written these conditions."""
    _require(isinstance(value, list) and len(value) <= MAX_CONDITIONS)
    serializer = StoredConditionSerializer(data=value, many=True)
    _require(serializer.is_valid())
    try:
        RuleSerializer().validate_conditions(serializer.validated_data)
    except serializers.ValidationError:
        _require(False)


def check_actions(value: Any) -> None:
    """Raise WrongValue unless a client could have written these actions."""
    _require(isinstance(value, list) and all(isinstance(action, dict) for action in value))
    others = []
    for action in value:
        kind, given = action.get("type"), action.get("value")
        if kind == "set_category":
            _require(type(given) is int)
            continue
        if kind in ("add_tags", "remove_tags"):
            _require(isinstance(given, list) and all(isinstance(tag, str) for tag in given))
        others.append(action)
    _require(ActionSerializer(data=others, many=True).is_valid())
    try:
        RuleSerializer().validate_actions(value)
    except serializers.ValidationError:
        _require(False)


def check_triggers(value: Any) -> None:
    """Raise WrongValue unless these are triggers."""
    _require(isinstance(value, list) and all(trigger in TRIGGERS for trigger in value))


def check_rule(value: Any) -> None:
    """Raise WrongValue unless a client could have written this rule, which is a JSON object."""
    for name, check in (("conditions", check_conditions), ("actions", check_actions), ("triggers", check_triggers)):
        if name in value:
            check(value[name])


def _require(is_right: bool) -> None:
    if not is_right:
        raise WrongValue("what a rule may have")


#: Column → the check of its value, with the ids of the database in it.
CHECKS: dict[str, Callable[[Any], None]] = {
    "rules.Rule.conditions": check_conditions,
    "rules.Rule.actions": check_actions,
    "rules.Rule.triggers": check_triggers,
    "rules.Proposal.rule": check_rule,
}
