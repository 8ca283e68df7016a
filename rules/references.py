"""Rules follow the categories and tags that they name."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone

from expenses.referrers import Referrer
from rules.models import Rule

Action = dict[str, Any]


class RuleReferences(Referrer):
    """The rules of a ledger; their actions name categories by id and tags by name."""

    name = "rules"

    def count(self, *, ledger_id: int, category: int) -> int:
        return len(list(_setting(ledger_id, category)))

    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        rules = list(_setting(ledger_id, category))
        for rule in rules:
            _rewrite(rule, lambda action: action | {"value": into} if _sets(action, category) else action, version)
        return len(rules)

    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        ids = [rule.pk for rule in _setting(ledger_id, category)]
        Rule.objects.filter(pk__in=ids).update(version=version)

    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        def follow(action: Action) -> Action:
            if action["type"] != "add_tags":
                return action
            names = [into if tag.casefold() == name.casefold() else tag for tag in action["value"]]
            return action | {"value": list({tag.casefold(): tag for tag in reversed(names)}.values())[::-1]}

        for rule in Rule.objects.filter(ledger_id=ledger_id):
            _rewrite(rule, follow, version)


def _setting(ledger_id: int, category: int) -> Iterator[Rule]:
    for rule in Rule.objects.filter(ledger_id=ledger_id):
        if any(_sets(action, category) for action in rule.actions):
            yield rule


def _sets(action: Action, category: int) -> bool:
    return bool(action["type"] == "set_category" and action["value"] == category)


def _rewrite(rule: Rule, change: Callable[[Action], Action], version: int) -> None:
    actions = [change(action) for action in rule.actions]
    if actions != rule.actions:
        rule.actions, rule.version, rule.updated_at = actions, version, timezone.now()
        rule.save(update_fields=["actions", "version", "updated_at"])
