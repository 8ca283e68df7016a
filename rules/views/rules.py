"""Rules over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import Listed, Retrieved
from rules.models import Rule
from rules.serializers.rules import RuleSerializer
from rules.services.rules import create_rule, delete_rule, edit_rule


class RuleViewSet(Listed, Retrieved):
    """Your rules, in the order in which they are asked."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        rule = create_rule(by=self.user, fields=body.validated_data)
        return self.answer(rule, code=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: int) -> Response:
        return self._edit(data=request.data)

    def partial_update(self, request: Request, pk: int) -> Response:
        return self._edit(data=request.data, partial=True)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as rule:
            delete_rule(by=self.user, rule=rule)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _edit(self, **kwargs: Any) -> Response:
        with self.guarded() as rule:
            body = self.get_serializer(rule, **kwargs)
            body.is_valid(raise_exception=True)
            return self.answer(edit_rule(by=self.user, rule=rule, fields=body.validated_data))
