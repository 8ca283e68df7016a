"""The view of changes since a version, for clients that keep a copy."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.serializers.changes import ChangesInput, ChangesSerializer
from expenses.services.changes import UnknownVersion, changes_since
from expenses.views.base import LedgerView


class ChangesView(LedgerView):
    """All rows that were created, changed or deleted since a version, without gaps.

    Runs, the reference rates of the European Central Bank, and whatever is computed from transactions are not listed:
    anomalies, recurring payments, reports, statistics of rules. Ask for these at their own addresses.
    """

    @extend_schema(operation_id="changes", parameters=[ChangesInput], responses=ChangesSerializer)
    def get(self, request: Request) -> Response:
        """List changes since a version.

        All rows that were created, changed or deleted since are there, without gaps.
        """
        query = self.checked(ChangesInput, data=request.query_params).validated_data
        try:
            changes = changes_since(user=self.user, **query)
        except UnknownVersion as error:
            raise serializers.ValidationError({"since": str(error)}, code="unknown_version") from None
        return Response(ChangesSerializer(changes, context=self.get_serializer_context()).data)
