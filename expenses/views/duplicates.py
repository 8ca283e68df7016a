"""Views of possible duplicates."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Duplicate, DuplicateStatus
from expenses.serializers.duplicates import DuplicateSerializer
from expenses.services.merges import dismiss_duplicate, merge_duplicate
from expenses.views.base import ListViewSet, RetrieveViewSet


class DuplicateViewSet(ListViewSet, RetrieveViewSet):
    """Pairs of transactions that may be one movement, recorded twice; the newest first."""

    queryset = Duplicate.objects.with_rows()
    serializer_class = DuplicateSerializer
    filterset_fields = ("status",)

    def get_queryset(self) -> Any:
        """Leave out open offers whose transaction is in the bin, split off or gone."""
        rows = super().get_queryset()
        if self.action != "list":
            return rows
        asks_for = self.request.query_params.get("status", DuplicateStatus.OPEN)
        return rows.open() if asks_for == DuplicateStatus.OPEN else rows

    @extend_schema(request=None, responses=DuplicateSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Merge two transactions into one. What you wrote stays, and a revert of the run makes two of it again."""
        with self.guarded() as offer:
            return self.answer(self._reread(merge_duplicate(by=self.user, offer=offer)))

    @extend_schema(request=None, responses=DuplicateSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: int) -> Response:
        """Dismiss a pair of transactions. They are two movements, and are never offered again."""
        with self.guarded() as offer:
            return self.answer(self._reread(dismiss_duplicate(by=self.user, offer=offer)))

    def _reread(self, offer: Duplicate) -> Duplicate:
        found: Duplicate = self.get_queryset().get(pk=offer.pk)
        return found
