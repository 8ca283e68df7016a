"""Parts of a transaction over HTTP."""

from django.db.models import prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.serializers.splits import SplitBody, SplitInput
from expenses.serializers.transactions import TransactionBody
from expenses.services.split_parts import UnequalParts
from expenses.services.splits import Split, split_of, split_transaction, unsplit_transaction
from expenses.views.base import Retrieved
from expenses.views.preconditions import etag_of


class Divisible(Retrieved):
    """Transactions that can be split."""

    @extend_schema(responses=SplitBody)
    @action(detail=True)
    def split(self, request: Request, pk: int) -> Response:
        """The transaction and its parts."""
        return self._answer_split(split_of(self.get_object()))

    @extend_schema(request=SplitInput, responses=SplitBody)
    @split.mapping.put
    def split_anew(self, request: Request, pk: int) -> Response:
        """Make these the parts that count instead of the transaction, or instead of the parts that it had."""
        with self.guarded() as row:
            body = SplitInput(data=request.data, context=self.get_serializer_context() | {"whole": row})
            body.is_valid(raise_exception=True)
            try:
                made = split_transaction(by=self.user, transaction=row, parts=body.drafts(), catalog=self.catalog)
            except UnequalParts as error:
                raise serializers.ValidationError({"parts": str(error)}, code="wrong_sum") from None
            return self._answer_split(made)

    @extend_schema(responses={200: TransactionBody})
    @split.mapping.delete
    def unsplit(self, request: Request, pk: int) -> Response:
        """Take the split back: the parts go, the transaction counts again in the category that it had before."""
        with self.guarded() as row:
            return self.answer(unsplit_transaction(by=self.user, transaction=row))

    def _answer_split(self, split: Split) -> Response:
        prefetch_related_objects(split.parts, "tags")
        return Response(SplitBody(split).data, headers={"ETag": etag_of(split.parent)})
