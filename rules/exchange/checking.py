"""Checks the rules of a document as if each were posted: names become ids, and the rules' serializer has the word."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import User
from expenses.services.categories import create_category
from rules.exchange.conversion import Body, Candidate, Refusal
from rules.exchange.naming import Directory, Resolved, with_ids
from rules.exchange.outcome import Outcome
from rules.exchange.shapes import shorten
from rules.models import Rule
from rules.serializers.rules import RuleSerializer


class NotRight(Exception):
    """A rule is refused."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("The rule is not right.")
        self.errors = errors


class FiledRuleSerializer(RuleSerializer):
    """A rule in a file; the context says which names are taken, so that a thousand rules need not ask one by one."""

    def validate_name(self, value: str) -> str:
        if value in self.context["names_taken"] and (self.instance is None or self.instance.name != value):
            raise serializers.ValidationError("Another rule has this name.", code="unique")
        return value


@dataclass(frozen=True, slots=True)
class Checked:
    """The fields of a rule that is right, and the tags that it names and the ledger does not have."""

    fields: dict[str, Any]
    new_tags: list[str]


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks rules for one person's ledger. `context` is that of serializers, with `names_taken` of rules."""

    by: User
    directory: Directory
    context: dict[str, Any]
    creates_missing: bool

    def check(self, body: Body, *, replaces: Rule | None, outcome: Outcome) -> Checked:
        """The checked fields. Missing categories are created where that is wished. Raises NotRight."""
        resolved = with_ids(body, self.directory)
        outcome.miss(resolved.missing)
        tags = [name for kind, name in resolved.missing if kind == "tag"]
        if self.creates_missing and _lacks_only_categories(resolved):
            self._create_categories(resolved)
            resolved = with_ids(body, self.directory)
        if resolved.errors:
            raise NotRight(resolved.errors)
        return Checked(self._fields(resolved.body, replaces), tags)

    @contextmanager
    def keeping_if(self, written: Callable[[], bool]) -> Iterator[None]:
        """Categories that were created for a rule that is not written after all are gone again."""
        if not self.creates_missing:
            yield
            return
        known = set(self.directory.catalog.categories)
        with transaction.atomic():
            try:
                yield
            finally:
                if not written():
                    transaction.set_rollback(True)
                    self._forget(set(self.directory.catalog.categories) - known)

    def _forget(self, categories: set[int]) -> None:
        for pk in categories:
            del self.directory.catalog.categories[pk]

    def _create_categories(self, resolved: Resolved) -> None:
        kind = _kind_of(resolved.body)
        wanted = {name.casefold(): name for kind, name in resolved.missing if kind == "category"}
        for name in wanted.values():
            try:
                checked = serializers.CharField(max_length=100).run_validation(name)
            except ValidationError as error:
                raise NotRight(errors_of({"actions": error.detail})) from None
            category = create_category(by=self.by, fields={"name": checked, "kind": kind})
            self.directory.catalog.categories[category.pk] = category

    def _fields(self, body: Body, replaces: Rule | None) -> dict[str, Any]:
        serializer = FiledRuleSerializer(instance=replaces, data=body, context=self.context)
        if not serializer.is_valid():
            raise NotRight(errors_of(serializer.errors))
        fields: dict[str, Any] = serializer.validated_data
        return fields


def errors_of(errors: Any) -> list[dict[str, str]]:
    """One entry for each wrong field, with its path."""
    return [{"attr": error.attr or "", "code": error.code, "detail": error.detail} for error in flatten_errors(errors)]


def refusal_of(candidate: Candidate, errors: list[dict[str, str]]) -> Refusal:
    """Names the rule as far as it has a name."""
    name = candidate.body.get("name")
    return Refusal(candidate.index, shorten(name, 100) if isinstance(name, str) else "", errors)


def _lacks_only_categories(resolved: Resolved) -> bool:
    return all(error["code"] == "does_not_exist" for error in resolved.errors) and not any(
        kind == "account" for kind, _ in resolved.missing
    )


def _kind_of(body: Body) -> str:
    """Of a category to create: income where the rule asks for money that comes in."""
    conditions = body.get("conditions")
    asks = conditions if isinstance(conditions, list) and body.get("match", "all") == "all" else []
    comes_in = {"field": "direction", "op": "equals", "value": "in"}
    is_income = any(isinstance(c, dict) and comes_in.items() <= c.items() and not c.get("negate") for c in asks)
    return "income" if is_income else "expense"
