"""Shapes of files of rules, of what is asked with them, and of what became of them."""

import re
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.serializers.bulk import BulkFieldError
from expenses.serializers.fields import user_of
from expenses.serializers.filters import COMMON_PARAMETERS
from rules.exchange.conversion import GROUP_LENGTH, NAME_LENGTH
from rules.exchange.packs import VERSION
from rules.exchange.shapes import MAX_RULES
from rules.models import Rule

MAX_BYTES = 4 * 2**20
IDS = re.compile(r"\d{1,18}(,\d{1,18})*", re.ASCII)


class ExportQuery(StrictSerializer):
    """Which rules, and what pack they make; without any, all of them."""

    ignored_fields = COMMON_PARAMETERS

    group = serializers.CharField(max_length=GROUP_LENGTH, required=False, help_text="Only rules of this group.")
    ids = serializers.CharField(required=False, help_text="Only these rules, such as 4,7,9.")
    pack = serializers.CharField(max_length=NAME_LENGTH, required=False, help_text="Makes a pack of this name.")
    pack_version = serializers.RegexField(
        f"^{VERSION.pattern}$",
        required=False,
        error_messages={"invalid": "Give numbers with points between, such as 1.2."},
        help_text="The version of the pack, such as 1.2; what is imported later is higher.",
    )

    def validate_group(self, value: str) -> str:
        if not Rule.objects.for_user(user_of(self)).filter(group=value).exists():
            raise serializers.ValidationError("No rule is in this group.", code="does_not_exist")
        return value

    def validate_ids(self, value: str) -> list[int]:
        if not IDS.fullmatch(value) or value.count(",") >= MAX_RULES:
            raise serializers.ValidationError(f"Give up to {MAX_RULES} ids, with commas between.", code="invalid")
        wanted = {int(number) for number in value.split(",")}
        there = set(Rule.objects.for_user(user_of(self)).filter(pk__in=wanted).values_list("pk", flat=True))
        if gone := sorted(wanted - there):
            raise serializers.ValidationError(f"There is no rule {gone[0]}.", code="does_not_exist")
        return sorted(there)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("pack" in attrs) != ("pack_version" in attrs):
            missing = "pack_version" if "pack" in attrs else "pack"
            raise serializers.ValidationError({missing: "A pack has a name and a version."}, code="required")
        return attrs


class ImportQuery(StrictSerializer):
    """How a document is imported."""

    ignored_fields = COMMON_PARAMETERS

    dry_run = serializers.BooleanField(default=False, help_text="Answers as it would, and writes nothing.")
    on_conflict = serializers.ChoiceField(
        choices=["skip", "update", "rename"],
        default="skip",
        help_text="What becomes of a rule whose name is taken by one that differs.",
    )
    create_missing = serializers.BooleanField(
        default=False, help_text="Creates the categories and tags that the rules name, never accounts."
    )


class RulesUpload(serializers.Serializer[Any]):
    """A file of rules: Outlay's own, Actual's or Firefly III's, also as a table."""

    file = serializers.FileField(max_length=255)

    def validate_file(self, value: Any) -> Any:
        if value.size > MAX_BYTES:
            detail = f"A file of rules has at most {MAX_BYTES // 2**20} MB."
            raise serializers.ValidationError(detail, code="max_size")
        return value


class RulesDocument(serializers.Serializer[Any]):
    """A file of rules of Outlay's own. An answer of Firefly III's API, and rules of Actual, are read in its place."""

    format = serializers.CharField(help_text="outlay-rules")
    format_version = serializers.IntegerField()
    name = serializers.CharField(required=False)
    pack_version = serializers.CharField(required=False)
    exported_at = serializers.DateTimeField(required=False)
    rules = serializers.ListField(child=serializers.DictField())
    checksum = serializers.CharField(required=False)


class RulesFile(RulesDocument):
    """Rules with names where there are ids. `name` and `pack_version` are there in packs."""

    exported_at = serializers.DateTimeField()
    checksum = serializers.CharField(help_text="Of name, version and rules.")


class RuleVocabulary(serializers.Serializer[Any]):
    """What a rule can ask and do; values are described by JSON Schema."""

    rule = serializers.DictField(help_text="The fields of a rule, with bounds and defaults.")
    conditions = serializers.DictField(help_text="How many there can be, and how deep.")
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(), help_text="What conditions look at, and the operators of each."
    )
    actions = serializers.ListField(child=serializers.DictField(), help_text="What a rule does.")


class ImportedRule(serializers.Serializer[Any]):
    """A rule as it is now. `index` is its place in the document, from 0."""

    index = serializers.IntegerField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()


class CreatedRule(ImportedRule):
    """A rule that is new; `renamed_from` where its name was taken."""

    renamed_from = serializers.CharField(allow_null=True)


class UnchangedRule(ImportedRule):
    """A rule that stays as it was, and why: identical, skipped, edited or not_in_pack."""

    index = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class RefusedRule(serializers.Serializer[Any]):
    """A rule that is not right."""

    index = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    errors = BulkFieldError(many=True)  # type: ignore[assignment]


class LeftOutPart(serializers.Serializer[Any]):
    """Something of a rule that did not come along, or not as it was."""

    rule = serializers.CharField(allow_blank=True)
    what = serializers.CharField()
    reason = serializers.CharField()


class MissingNames(serializers.Serializer[Any]):
    """What the rules name and the ledger did not have."""

    categories = serializers.ListField(child=serializers.CharField())
    accounts = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())


class ImportAnswer(serializers.Serializer[Any]):
    """What became of the rules of a document, or with `dry_run` would become of them."""

    format = serializers.CharField(help_text="outlay-rules, firefly-iii or actual")
    dry_run = serializers.BooleanField()
    on_conflict = serializers.CharField()
    created = CreatedRule(many=True)
    updated = ImportedRule(many=True)
    unchanged = UnchangedRule(many=True)
    refused = RefusedRule(many=True)
    left_out = LeftOutPart(many=True)
    missing = MissingNames()
