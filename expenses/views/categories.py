"""Categories over HTTP."""

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import Conflict, Listed, Retrieved
from expenses.models import Category
from expenses.serializers import CategorySerializer
from expenses.services import categories


class CategoryViewSet(Listed, Retrieved):
    """Categories: the system's and your own."""

    queryset = Category.objects.select_related("parent")
    serializer_class = CategorySerializer

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        category = categories.create_category(by=self.user, fields=body.validated_data)
        return self.answer(category, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as category:
            _refuse_system(category)
            body = self.get_serializer(category, data=request.data, partial=True)
            body.is_valid(raise_exception=True)
            return self.answer(categories.edit_category(by=self.user, category=category, fields=body.validated_data))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as category:
            _refuse_system(category)
            try:
                categories.delete_category(by=self.user, category=category)
            except ProtectedError:
                detail = f"“{category}” is in use; give its transactions and the categories below it another one first."
                raise Conflict(detail, code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)


def _refuse_system(category: Category) -> None:
    if category.ledger_id is None:
        raise PermissionDenied("A category of the system cannot be changed.", code="system_category")
