"""The bodies of backups."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from config.backup.reading import too_large


class RestoreInput(StrictSerializer):
    """A backup, and whether it is only checked."""

    file = serializers.FileField(allow_empty_file=True, max_length=255)
    dry_run = serializers.BooleanField(default=False)

    def validate_file(self, upload: Any) -> Any:
        if upload.size > settings.RESTORE_MAX_BYTES:
            refusal = too_large()
            raise serializers.ValidationError(str(refusal), code=refusal.code)
        return upload


class BackupPartSerializer(serializers.Serializer[Any]):
    """A part of a backup with the number of its rows; of a file, of its bytes."""

    name = serializers.CharField()
    n = serializers.IntegerField()
    sha256 = serializers.CharField()


class CheckedBackupSerializer(serializers.Serializer[Any]):
    """A backup that was checked, and could be restored."""

    created_at = serializers.CharField()
    outlay = serializers.CharField(help_text="The version of Outlay that made it.")
    counts = serializers.SerializerMethodField(help_text="The rows that it holds, by what they are.")
    parts = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_counts(self, head: Any) -> dict[str, int]:
        counts: dict[str, int] = head.counts
        return counts

    @extend_schema_field(BackupPartSerializer(many=True))
    def get_parts(self, head: Any) -> Any:
        return BackupPartSerializer(list(head.parts.values()), many=True).data


class BackupSerializer(serializers.Serializer[Any]):
    """A backup: what it is, its parts, and their rows."""

    format = serializers.CharField()
    version = serializers.IntegerField(help_text="The version of the format.")
    created_at = serializers.DateTimeField()
    outlay = serializers.CharField(help_text="The version of Outlay that made it.")
    parts = BackupPartSerializer(many=True)
    sha256 = serializers.CharField(help_text="Of the lines above this one.")
    data = serializers.DictField(help_text="Part → its columns and its rows.")  # type: ignore[assignment]
