"""Shapes of what the linter says."""

from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount
from rules.engine.stored_rows import StoredRow
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.linter import Report

#: A suspicion that a row disproves is told when it is asked for.
TOLD = (Verdict.PROVED, Verdict.UNDECIDED)
VERDICT_HELP = "Only findings of this verdict; without it those that are proved or undecided."


class LintOptions(serializers.Serializer[Any]):
    """Which findings to give."""

    verdict = serializers.ChoiceField(choices=[*Verdict], required=False, help_text=VERDICT_HELP)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts that are asked for. Call it after `is_valid`."""
        asked = self.validated_data.get("verdict")
        return (Verdict(asked),) if asked else TOLD


class ExampleSerializer(serializers.Serializer[Any]):
    """A transaction that shows what is found."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    description = serializers.CharField()


class FindingSerializer(serializers.Serializer[Any]):
    """One sentence about some rules; the first one is the one that it is about."""

    kind = serializers.ChoiceField(choices=[*Kind])
    verdict = serializers.ChoiceField(choices=[*Verdict])
    rules = serializers.ListField(child=serializers.IntegerField())
    names = serializers.ListField(child=serializers.CharField())
    explanation = serializers.CharField()
    example = ExampleSerializer(allow_null=True)


class LintSerializer(serializers.Serializer[Any]):
    """What is wrong with the active rules."""

    findings = FindingSerializer(many=True)
    n_rows = serializers.IntegerField(help_text="Transactions that were looked at.")
    complete = serializers.BooleanField(help_text="False where time ran out before all rules and rows were looked at.")


def describe_report(report: Report, verdicts: tuple[Verdict, ...]) -> dict[str, Any]:
    """The body of `rules/lint/`."""
    return {
        "findings": [_finding(finding) for finding in report.findings if finding.verdict in verdicts],
        "n_rows": report.n_rows,
        "complete": report.is_complete,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "verdict": finding.verdict,
        "rules": [case.rule.id for case in finding.cases],
        "names": [case.rule.name for case in finding.cases],
        "explanation": finding.explanation,
        "example": _example(finding.example) if finding.example is not None else None,
    }


def _example(record: StoredRow) -> dict[str, Any]:
    return {
        "id": record.id,
        "date": record.day,
        "amount": format_amount(record.money, record.currency),
        "currency": record.currency,
        "description": record.description,
    }
