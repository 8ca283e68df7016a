"""Views of attachments."""

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.ledger.files import RefusedFile
from expenses.models import Attachment, Transaction
from expenses.serializers.attachments import AttachmentInput, AttachmentSerializer
from expenses.services.attachments import attach_file, remove_attachment
from expenses.views.base import LedgerViewSet, RetrieveViewSet
from expenses.views.parsers import FormParser


class TransactionAttachmentsViewSet(LedgerViewSet):
    """Files of a transaction."""

    queryset = Transaction.objects.all()
    serializer_class = AttachmentSerializer
    parser_classes = [FormParser]

    @extend_schema(operation_id="transactions_attachments_list", responses=AttachmentSerializer(many=True))
    def list(self, request: Request, transaction: int) -> Response:
        """List a transaction's attachments."""
        rows = self._transaction(transaction).attachments.all()
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    @extend_schema(
        operation_id="transactions_attachments_create",
        request={"multipart/form-data": AttachmentInput},
        responses={201: AttachmentSerializer, 200: AttachmentSerializer},
    )
    def create(self, request: Request, transaction: int) -> Response:
        """Attach a file to a transaction.

        Send a PDF or a picture. If the same file is attached already, the answer is that attachment.
        """
        row = self._transaction(transaction)
        file = self.checked(AttachmentInput).validated_data["file"]
        try:
            attachment, is_new = attach_file(by=self.user, transaction=row, data=file.read(), name=file.name)
        except RefusedFile as error:
            raise serializers.ValidationError({"file": str(error)}, code=error.code) from None
        return self.answer(attachment, code=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def _transaction(self, pk: int) -> Transaction:
        row: Transaction = get_object_or_404(self.get_queryset(), pk=pk)
        return row


class AttachmentViewSet(RetrieveViewSet):
    """One file."""

    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer

    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as attachment:
            remove_attachment(by=self.user, attachment=attachment)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def content(self, request: Request, pk: int) -> FileResponse:
        """Download an attached file."""
        attachment: Attachment = self.get_object()
        if not attachment.file:
            raise NotFound(f"The file {attachment.name} is not here: the backup came without files.", code="no_file")
        answer = FileResponse(
            attachment.file.open(), as_attachment=True, filename=attachment.name, content_type=attachment.media_type
        )
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
