"""The view of changes since a version, for clients that keep a copy."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from expenses.serializers.changes import ChangesInput, ChangesSerializer
from expenses.services.changes import UnknownVersion, changes_since
from expenses.views.base import MayWriteLedger


class ChangesView(APIView):
    """All rows that were created, changed or deleted since a version, without gaps."""

    permission_classes = [IsAuthenticated, MayWriteLedger]

    @extend_schema(operation_id="changes", parameters=[ChangesInput], responses=ChangesSerializer)
    def get(self, request: Request) -> Response:
        query = ChangesInput(data=request.query_params)
        query.is_valid(raise_exception=True)
        try:
            changes = changes_since(user=cast("User", request.user), **query.validated_data)
        except UnknownVersion as error:
            raise serializers.ValidationError({"since": str(error)}, code="unknown_version") from None
        return Response(ChangesSerializer(changes, context={"request": request}).data)
