"""Rules over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from expenses.api import LedgerViewSet
from rules import services
from rules.models import Rule
from rules.serializers import RuleSerializer


class RuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, LedgerViewSet):
    """Your rules, in the order in which they are asked."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        rule = services.create_rule(by=self.user, fields=body.validated_data)
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: int) -> Response:
        return self._edit(self.get_serializer(self.get_object(), data=request.data))

    def partial_update(self, request: Request, pk: int) -> Response:
        return self._edit(self.get_serializer(self.get_object(), data=request.data, partial=True))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_rule(by=self.user, rule=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _edit(self, body: BaseSerializer[Rule]) -> Response:
        body.is_valid(raise_exception=True)
        assert body.instance is not None  # noqa: S101 - said to the type checker; both callers give one
        rule = services.edit_rule(by=self.user, rule=body.instance, fields=body.validated_data)
        return Response(self.get_serializer(rule).data)
