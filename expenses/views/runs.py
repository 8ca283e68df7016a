"""Runs over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import LedgerViewSet
from expenses.models import Run
from expenses.serializers import RevertedSerializer, RunSerializer
from expenses.services.reverting import revert_run


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """What writes many rows by machine, and how far it is."""

    queryset = Run.objects.all()
    serializer_class = RunSerializer

    @extend_schema(request=None, responses=RevertedSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, pk: int) -> Response:
        """Take back what the run recorded; what you changed or confirmed since stays, and is named."""
        reverted = revert_run(by=self.user, run=self.get_object())
        context = self.get_serializer_context() | {"kept": reverted.kept}
        return Response(RevertedSerializer(reverted.run, context=context).data)
