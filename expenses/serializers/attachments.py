"""Attachments in the API."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.models import Attachment


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file of a transaction; its type is detected from its content."""

    class Meta:
        model = Attachment
        fields = ["id", "transaction", "name", "media_type", "size", "sha256", "version", "created_at"]
        read_only_fields = fields


class AttachmentInput(StrictSerializer):
    """A page or picture."""

    file = serializers.FileField(max_length=255)

    def validate_file(self, value: Any) -> Any:
        most = settings.ATTACHMENT_MAX_BYTES
        if value.size > most:
            raise serializers.ValidationError(f"A file has at most {most // 2**20} MB.", code="max_size")
        return value
