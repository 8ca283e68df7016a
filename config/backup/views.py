"""Backup and restore of a ledger over HTTP."""

from typing import IO, Any

from django.conf import settings
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from config.backup.reading import BadBackup, check, too_large
from config.backup.restoring import order_restore, refuse_unless_empty
from config.backup.serializers import BackupSerializer, CheckedBackupSerializer, RestoreInput
from config.backup.writing import write_document, write_zip
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.serializers.runs import RunSerializer
from expenses.services.ledger_lock import Refusal
from expenses.views.base import Conflict, LedgerView
from expenses.views.files import file_renderers, file_schema
from expenses.views.parsers import is_form_too_large


class BackupDocumentView(LedgerView):
    """Download a backup as JSON.

    It holds everything but attachments and the files of statements; `export/backup.zip` has these, too.
    """

    rates = {"get": "export"}

    @extend_schema(operation_id="export_backup_json", responses=BackupSerializer)
    def get(self, request: Request) -> FileResponse:
        return _download(write_document(membership_of(self.user).ledger), "json", "application/json")


class BackupZipView(LedgerView):
    """Download a backup with files.

    A zip of `backup.json`, attachments and the files of statements.
    """

    rates = {"get": "export"}
    renderer_classes = file_renderers("application/zip", "zip")

    @file_schema("export_backup_zip", "application/zip")
    def get(self, request: Request) -> FileResponse:
        media_type = str(request.accepted_renderer.media_type)
        return _download(write_zip(membership_of(self.user).ledger), "zip", media_type)


class RestoreView(LedgerView):
    """Restore a backup.

    Only an empty ledger takes one. The file is checked first: a changed or newer one is refused, and nothing is stored.
    With `dry_run`, that is all, and the ledger need not be empty.
    """

    parser_classes = (MultiPartParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before it is read."""
        if is_form_too_large(request.META, most=settings.RESTORE_MAX_BYTES):
            refusal = too_large()
            raise serializers.ValidationError({"file": str(refusal)}, code=refusal.code)
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="restore_create",
        request={"multipart/form-data": RestoreInput},
        responses={
            200: OpenApiResponse(CheckedBackupSerializer, "With `dry_run`: the backup could be restored."),
            202: OpenApiResponse(RunSerializer, "The run that restores it."),
        },
    )
    def post(self, request: Request) -> Response:
        fields = self.checked(RestoreInput).validated_data
        try:
            if not fields["dry_run"]:
                refuse_unless_empty(ledger_id_of(self.user))
            head = check(fields["file"])
            if fields["dry_run"]:
                return Response(CheckedBackupSerializer(head).data)
            run = order_restore(by=self.user, source=fields["file"], head=head)
        except BadBackup as error:
            raise serializers.ValidationError({"file": str(error)}, code=error.code) from None
        except Refusal as error:
            raise Conflict(str(error), code=error.code) from None
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


def _download(file: IO[bytes], ending: str, media_type: str) -> FileResponse:
    name = f"outlay-{timezone.now():%Y-%m-%d}.{ending}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=media_type)
