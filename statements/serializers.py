"""Shapes of imports and of their rows."""

import json
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.misspellings import did_you_mean
from accounts.strict_serializer import StrictSerializer
from expenses.models import Account
from expenses.serializers.fields import (
    ID_OR_NAME,
    AccountReference,
    KeywordNames,
    as_id_or_name,
    describe_closed,
    refuse_closed,
    user_of,
)
from expenses.serializers.transactions import CategorizationSerializer
from statements.formats import importer_named
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus, Profile
from statements.services.profiles import EXPORT_VERSION

MAX_PROFILE_ITEMS = 50


@extend_schema_field(ID_OR_NAME)
class ProfileReference(serializers.Field[Profile, Any, int, Any]):
    """Reads an id or name as a saved profile of the ledger."""

    def to_internal_value(self, data: Any) -> Profile:
        wanted = as_id_or_name(data)
        profiles = Profile.objects.for_user(user_of(self))
        found = profiles.filter(pk=wanted) if isinstance(wanted, int) else profiles.filter(name=wanted)
        profile: Profile | None = found.first() or profiles.filter(name=str(data)).first()
        if profile is None:
            detail = f"There is no profile “{data}”.{did_you_mean(data, profiles.values_list('name', flat=True))}"
            raise serializers.ValidationError(detail, code="does_not_exist")
        return profile

    def to_representation(self, value: Profile) -> int:
        return value.pk


class UploadInput(StrictSerializer):
    """A statement, and into which account it goes."""

    file = serializers.FileField(allow_empty_file=True, max_length=255)
    account = AccountReference(required=False, allow_null=True, default=None)
    profile = ProfileReference(required=False, allow_null=True, default=None)
    commit = serializers.BooleanField(default=False)

    def validate_account(self, value: Account | None) -> Account | None:
        return refuse_closed(value)

    def validate_file(self, upload: "UploadedFile[Any]") -> "UploadedFile[Any]":
        limit: int = settings.IMPORT_MAX_BYTES
        if (upload.size or 0) > limit:
            detail = f"The file is larger than {limit // 1024 // 1024} MB. Download a shorter period."
            raise serializers.ValidationError(detail, code="too_large")
        return upload


class CorrectionInput(StrictSerializer):
    """Another account, or keys of the profile to change; `save_as` keeps the profile under a name.

    `accounts` says which account of the ledger each account of the file is, by its `key`.
    """

    account = AccountReference(required=False)
    accounts = serializers.DictField(child=AccountReference(), required=False)
    profile = serializers.DictField(required=False)
    save_as = serializers.CharField(max_length=100, required=False)

    def validate_account(self, value: Account) -> Account | None:
        return refuse_closed(value)

    def validate_accounts(self, value: dict[str, Account]) -> dict[str, Account]:
        keys = [named["key"] for named in self.context["statement"].accounts]
        for key, account in value.items():
            if key not in keys:
                known = ", ".join(keys) or "none"
                detail = f"The file names no account “{key}”. The accounts that it names: {known}."
                raise serializers.ValidationError({key: [ErrorDetail(detail, "unknown_key")]})
            if not account.is_active:
                raise serializers.ValidationError({key: [ErrorDetail(describe_closed(account), "closed")]})
        return value

    def validate_profile(self, value: dict[str, Any]) -> dict[str, Any]:
        return check_profile_text(value)


def check_profile_text(value: dict[str, Any]) -> dict[str, Any]:
    """Return a profile that can be stored. Raises ValidationError."""
    if len(value) > MAX_PROFILE_ITEMS:
        raise serializers.ValidationError("That is no profile: it has too many keys.", code="invalid")
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text or text.encode("utf-8", "replace").decode() != text:
        raise serializers.ValidationError("It holds characters that cannot be kept.", "invalid_characters")
    return value


class CommitInput(StrictSerializer):
    """Rows that cannot be read stop a commit, unless they are to be left out."""

    skip_errors = serializers.BooleanField(default=False)


class QuestionSerializer(serializers.Serializer[Any]):
    """A question that the file leaves open; `alternatives` are values for the profile's key `attr`.

    If `attr` is `account` or `accounts.KEY`, they are ids of accounts, the present one or the likeliest first. If it is
    `file`, there are none.
    """

    attr = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    alternatives = serializers.ListField()


class PeriodSerializer(KeywordNames):
    """First and last day."""

    from_ = serializers.DateField(allow_null=True)
    to = serializers.DateField(allow_null=True)


class FileAccountSerializer(serializers.Serializer[Any]):
    """An account that the file names, and the account of the ledger that its rows go into."""

    key = serializers.CharField(help_text="Names the account in this file, and in the next one of the account.")
    name = serializers.CharField()
    iban = serializers.CharField()
    number = serializers.CharField()
    bank = serializers.CharField(help_text="The bank's code, BIC or name.")
    currency = serializers.CharField()
    account = serializers.IntegerField(allow_null=True)
    matched_by = serializers.ChoiceField(
        choices=["iban", "number", "name", "answer", "import", "created"],
        allow_null=True,
        help_text="`answer` by a PATCH, `import` because the import has this account, `created` by the commit.",
    )
    n_rows = serializers.IntegerField()
    n_new = serializers.IntegerField()
    n_duplicates = serializers.IntegerField()
    totals = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))
    balance = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True)
    balance_date = serializers.DateField(allow_null=True)
    opening_balance = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True)
    new_numbers = serializers.DictField(
        child=serializers.CharField(), help_text="`iban` and `number` that the account takes over with the commit."
    )


class ImportSerializer(serializers.ModelSerializer[Import]):
    """An uploaded statement: how it is read, what it comes to, and what has become of it."""

    account_name = serializers.CharField(source="account.name", read_only=True, default=None, allow_null=True)
    status = serializers.ChoiceField(choices=ImportStatus.choices, source="stands", read_only=True)
    encoding = serializers.SerializerMethodField()
    questions = QuestionSerializer(many=True)
    accounts = FileAccountSerializer(many=True)
    warnings = serializers.SerializerMethodField(help_text="Sentences about the whole file; none stops a commit.")
    period = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    profile_name = serializers.SerializerMethodField(
        help_text="The saved or shipped profile that it is read by; null if the file alone says how."
    )
    n_possible_duplicates = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = [
            "id", "status", "filename", "format", "encoding", "profile", "profile_name", "columns", "questions",
            "account", "account_name", "accounts", "warnings", "n_rows", "n_new", "n_duplicates",
            "n_possible_duplicates", "n_errors", "n_skipped", "period", "totals", "run", "error", "version",
            "created_at",
        ]  # fmt: skip

    def get_encoding(self, statement: Import) -> str | None:
        encoding: str | None = statement.profile.get("encoding")
        return encoding

    @extend_schema_field(PeriodSerializer)
    def get_period(self, statement: Import) -> dict[str, Any]:
        return {"from": statement.first_date, "to": statement.last_date}

    def get_warnings(self, statement: Import) -> list[str]:
        return [*statement.warnings, *statement.losses]

    def get_n_possible_duplicates(self, statement: Import) -> int:
        return len(statement.matches.get("possible", ()))

    def get_profile_name(self, statement: Import) -> str | None:
        return statement.profile_name or None

    def get_error(self, statement: Import) -> str | None:
        return statement.error or None


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    """How files of one bank are read."""

    class Meta:
        model = Profile
        fields = ["id", "name", "format", "columns", "fingerprint", "account", "profile", "version", "created_at"]


class ExportedProfileSerializer(serializers.Serializer[Any]):
    """A profile as it travels from one Outlay to another."""

    export_version = serializers.IntegerField()
    name = serializers.CharField()
    format = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    fingerprint = serializers.CharField(help_text="Tells layouts of files apart: format, columns and shape.")
    profile = serializers.DictField()


class ProfileInput(StrictSerializer):
    """An exported profile, and the account whose files use it first."""

    export_version = serializers.IntegerField(min_value=1, max_value=EXPORT_VERSION, required=False)
    name = serializers.CharField(max_length=100)
    format = serializers.CharField(max_length=16)
    columns = serializers.ListField(child=serializers.CharField(max_length=500, allow_blank=True), max_length=1000)
    fingerprint = serializers.RegexField(r"^[0-9a-f]{32}\Z", allow_blank=True)
    profile = serializers.DictField()
    account = AccountReference(required=False, allow_null=True)

    def validate_format(self, value: str) -> str:
        try:
            return importer_named(value).format
        except UnreadableFile as error:
            raise serializers.ValidationError(error.detail, code=error.code) from None

    def validate_profile(self, value: dict[str, Any]) -> dict[str, Any]:
        return check_profile_text(value)


class RowErrorSerializer(serializers.Serializer[Any]):
    """Why a row cannot be read."""

    attr = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class RowPartSerializer(serializers.Serializer[Any]):
    """A part of a split row, as the file has it."""

    amount = serializers.DecimalField(max_digits=13, decimal_places=4)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    notes = serializers.CharField()


class ImportRowSerializer(serializers.Serializer[Any]):
    """A row as it would be recorded, an unreadable one with its errors, or a skipped one with the reason."""

    line = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["new", "duplicate", "error", "skipped"])
    reason = serializers.CharField(allow_null=True)
    account = serializers.IntegerField(allow_null=True)
    account_name = serializers.CharField(allow_null=True)
    date = serializers.DateField(allow_null=True)
    amount = serializers.DecimalField(max_digits=13, decimal_places=4, allow_null=True)
    currency = serializers.CharField(allow_null=True)
    direction = serializers.ChoiceField(choices=["in", "out"], allow_null=True)
    description = serializers.CharField()
    merchant = serializers.CharField()
    iban = serializers.CharField()
    mcc = serializers.CharField()
    notes = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    parts = RowPartSerializer(many=True)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    categorization = CategorizationSerializer(allow_null=True)
    duplicate_of = serializers.IntegerField(allow_null=True)
    possible_duplicate_of = serializers.IntegerField(
        allow_null=True, help_text="The transaction that may be the same movement; the import will offer to merge them."
    )
    errors = RowErrorSerializer(many=True)  # type: ignore[assignment]
    raw = serializers.ListField(child=serializers.CharField())
