"""Findings of the linter."""

from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer
from rules.engine.stored_rows import StoredRow
from rules.linting.cases import FindingKind, LintVerdict


class LintOptions(HelpfulSerializer):
    """Choice of findings."""

    verdict = serializers.ChoiceField(
        choices=[*LintVerdict],
        required=False,
        help_text="Only findings of this verdict; by default those that are proved or undecided.",
    )


class ExampleSerializer(serializers.Serializer[StoredRow]):
    """A transaction that shows a finding."""

    id = serializers.IntegerField()
    date = serializers.DateField(source="day")
    amount = serializers.CharField(source="formatted_amount")
    currency = serializers.CharField()
    description = serializers.CharField()


class FindingSerializer(serializers.Serializer[Any]):
    """One sentence about some rules, with the affected rule first."""

    kind = serializers.ChoiceField(choices=[*FindingKind])
    verdict = serializers.ChoiceField(choices=[*LintVerdict])
    rules = serializers.ListField(child=serializers.IntegerField())
    names = serializers.ListField(child=serializers.CharField())
    explanation = serializers.CharField()
    example = ExampleSerializer(allow_null=True)


class LintSerializer(serializers.Serializer[Any]):
    """Problems of the active rules."""

    findings = FindingSerializer(many=True)
    n_rows = serializers.IntegerField(help_text="Transactions that were read.")
    complete = serializers.BooleanField(
        source="is_complete", help_text="False if time ran out before all rules and rows were checked."
    )
