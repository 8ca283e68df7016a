"""Rule files, query parameters of export and import, and the outcome of an import."""

import re
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.serializers.bulk_recording import BulkFieldError
from expenses.serializers.fields import user_of
from rules.exchange.conversion import GROUP_LENGTH, MAX_RULES, NAME_LENGTH
from rules.exchange.packs import VERSION
from rules.models import Rule
from rules.serializers.rules import RuleSerializer

MAX_BYTES = 4 * 2**20
IDS = re.compile(r"\d{1,18}(,\d{1,18})*", re.ASCII)


class ExportQuery(HelpfulSerializer):
    """Rules to export, and the pack that they make; all rules by default."""

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


class ImportQuery(HelpfulSerializer):
    """Options of an import."""

    dry_run = serializers.BooleanField(default=False, help_text="Return the outcome without writing anything.")
    on_conflict = serializers.ChoiceField(
        choices=["skip", "update", "rename"],
        default="skip",
        help_text="What happens to a rule if another rule has its name.",
    )
    create_missing = serializers.BooleanField(
        default=False, help_text="Create the categories and tags that the rules name, but no accounts."
    )


class RulesUpload(StrictSerializer):
    """A file of rules: Outlay's own, Actual's or Firefly III's, also as a table."""

    file = serializers.FileField(max_length=255)

    def validate_file(self, value: Any) -> Any:
        if value.size > MAX_BYTES:
            detail = f"A file of rules has at most {MAX_BYTES // 2**20} MB."
            raise serializers.ValidationError(detail, code="max_size")
        return value


class FiledRuleSerializer(RuleSerializer):
    """A rule in a file. The context has the names in use, so that many rules need no query each."""

    def validate_name(self, value: str) -> str:
        if value in self.context["names_taken"] and (self.instance is None or self.instance.name != value):
            raise serializers.ValidationError("Another rule has this name.", code="unique")
        return value


class RulesDocument(serializers.Serializer[Any]):
    """Outlay's own file of rules. An answer of Firefly III's API or rules of Actual are accepted, too."""

    format = serializers.CharField(help_text="outlay-rules")
    format_version = serializers.IntegerField()
    name = serializers.CharField(required=False)
    pack_version = serializers.CharField(required=False)
    exported_at = serializers.DateTimeField(required=False)
    rules = serializers.ListField(child=serializers.DictField())
    checksum = serializers.CharField(required=False)


class RulesFile(RulesDocument):
    """Rules with names for ids. Packs have `name` and `pack_version`."""

    exported_at = serializers.DateTimeField()
    checksum = serializers.CharField(help_text="SHA-256 of name, version and rules.")


class RuleVocabulary(serializers.Serializer[Any]):
    """Fields, operators and actions of rules; JSON Schema describes the values."""

    rule = serializers.DictField(help_text="The fields of a rule, with bounds and defaults.")
    conditions = serializers.DictField(help_text="Limits on their number and depth.")
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(), help_text="Fields that conditions test, with the operators of each."
    )
    actions = serializers.ListField(child=serializers.DictField(), help_text="Actions of a rule.")


class ImportedRule(serializers.Serializer[Any]):
    """A rule after the import. `index` is its place in the document, from 0."""

    index = serializers.IntegerField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()


class CreatedRule(ImportedRule):
    """A new rule; `renamed_from` is its name in the document if that was taken."""

    renamed_from = serializers.CharField(allow_null=True)


class UnchangedRule(ImportedRule):
    """A rule that did not change, and why: identical, skipped, edited or not_in_pack."""

    index = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class RefusedRule(serializers.Serializer[Any]):
    """A rule that was refused."""

    index = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    errors = BulkFieldError(many=True)  # type: ignore[assignment]


class LeftOutPart(serializers.Serializer[Any]):
    """A part of a rule that was dropped or changed."""

    rule = serializers.CharField(allow_blank=True)
    what = serializers.CharField()
    reason = serializers.CharField()


class MissingNames(serializers.Serializer[Any]):
    """Names in the rules that the ledger did not have."""

    categories = serializers.ListField(child=serializers.CharField())
    accounts = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())


class ImportAnswer(serializers.Serializer[Any]):
    """Outcome of an import; with `dry_run` the outcome that it would have."""

    format = serializers.CharField(help_text="outlay-rules, firefly-iii or actual")
    dry_run = serializers.BooleanField(source="options.is_dry_run")
    on_conflict = serializers.CharField(source="options.on_conflict")
    created = CreatedRule(many=True)
    updated = ImportedRule(many=True)
    unchanged = UnchangedRule(many=True)
    refused = RefusedRule(many=True)
    left_out = LeftOutPart(many=True)
    missing = MissingNames()
