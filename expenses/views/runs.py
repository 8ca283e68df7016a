"""Views of runs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Run
from expenses.serializers.history import RunChangeSerializer
from expenses.serializers.runs import (
    OmissionSerializer,
    RevertedSerializer,
    RunSerializer,
    RunWithResultSerializer,
)
from expenses.services.reverts import journal_of, revert_run
from expenses.services.runs import cancel_run, interrupt_abandoned_of, queue_run, reopen_run
from expenses.views.base import LedgerViewSet


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Runs, which write many rows at once, and their progress."""

    queryset = Run.objects.all()
    serializer_class = RunSerializer
    error_codes = {"revert": ("409",)}

    def get_queryset(self) -> Any:
        interrupt_abandoned_of(self.user)
        runs = super().get_queryset()
        return runs.select_related("backtest") if self.action == "retrieve" else runs

    def get_serializer_class(self) -> Any:
        return RunWithResultSerializer if self.action == "retrieve" else RunSerializer

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Cancel a run. It stops after its current rows; its changes stay and can be reverted."""
        return Response(RunSerializer(cancel_run(by=self.user, run=self.get_object())).data)

    @extend_schema(request=None, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> Response:
        """Resume a run. Only a run that failed or was canceled can be resumed. Nothing is done twice."""
        run = reopen_run(by=self.user, run=self.get_object())
        queue_run(run)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=RevertedSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, pk: int) -> Response:
        """Revert a run. Rows that were changed or confirmed since stay as they are, and are listed."""
        reverted: Any = revert_run(by=self.user, run=self.get_object())
        return Response(RevertedSerializer(reverted).data)

    @extend_schema(responses=RunChangeSerializer(many=True))
    @action(detail=True)
    def changes(self, request: Request, pk: int) -> Response:
        """List the changes of a run. For what an import recorded, use the filter `import` of transactions."""
        page: Any = self.paginate_queryset(journal_of(self.get_object()))
        return self.get_paginated_response(RunChangeSerializer(page, many=True).data)

    @extend_schema(responses=OmissionSerializer(many=True))
    @action(detail=True)
    def errors(self, request: Request, pk: int) -> Response:
        """List what a run left out. Each of these transactions has the reason beside it."""
        page: Any = self.paginate_queryset(self.get_object().omissions.order_by("pk"))
        return self.get_paginated_response(OmissionSerializer(page, many=True).data)
