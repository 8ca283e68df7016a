"""Views of categories."""

from collections.abc import Set
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.categorization.keyword_suggestions import suggest_keywords
from expenses.models import Category
from expenses.serializers.categories import (
    CategoryMergeInput,
    CategorySerializer,
    KeywordSuggestionsSerializer,
    MergedCategorySerializer,
    ReplacementInput,
)
from expenses.serializers.filters import CategoryFilter
from expenses.services import categories
from expenses.services.categories import delete_category, merge_category
from expenses.views.base import ListViewSet, RetrieveViewSet, etag_of

#: Fields of any category that a ledger adapts for itself.
ADAPTED = {"is_hidden", "keywords"}
#: The same of a category of the system.
ADAPTED_OF_SYSTEM = ADAPTED | {"description"}


class CategoryViewSet(ListViewSet, RetrieveViewSet):
    """Categories: the system's and your own."""

    queryset = Category.objects.select_related("parent")
    serializer_class = CategorySerializer

    @property
    def filterset_class(self) -> Any:
        return CategoryFilter if self.action == "list" else None

    def create(self, request: Request) -> Response:
        with self.locked():
            fields, adapted = _parted(self.checked(CategorySerializer).validated_data, ADAPTED)
            category = categories.create_category(by=self.user, fields=fields, adapted=adapted)
        return self.answer(category, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a category. Of a system one, only `description`, `is_hidden` and `keywords` can change."""
        with self.guarded() as category:
            if not (isinstance(request.data, dict) and set() < set(request.data) <= ADAPTED_OF_SYSTEM):
                _refuse_system(category)
            names = ADAPTED if category.ledger_id else ADAPTED_OF_SYSTEM
            fields, adapted = _parted(self.checked(CategorySerializer, category).validated_data, names)
            edited = categories.edit_category(by=self.user, category=category, fields=fields, adapted=adapted)
            return self.answer(edited)

    @extend_schema(parameters=[ReplacementInput])
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a category. Only your own categories can be deleted. While one is in use, name a `replacement`."""
        with self.guarded() as category:
            _refuse_system(category)
            query = self.checked(ReplacementInput, data=request.query_params, category=category)
            into = query.validated_data.get("replacement")
            if into is None:
                delete_category(by=self.user, category=category)
            else:
                merge_category(by=self.user, category=category, into=into)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=CategoryMergeInput, responses=MergedCategorySerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Merge a category into another.

        The other one replaces it everywhere and is the answer; the first is deleted.
        """
        with self.guarded() as category:
            _refuse_system(category)
            into = self.checked(CategoryMergeInput, category=category).validated_data["into"]
            merged = merge_category(by=self.user, category=category, into=into)
            body = {**self.get_serializer(merged.category).data, "moved": merged.moved}
            return Response(body, headers={"ETag": etag_of(merged.category)})

    @extend_schema(responses=KeywordSuggestionsSerializer)
    @action(detail=True, url_path="keywords/suggestions", pagination_class=None, filter_backends=())
    def keyword_suggestions(self, request: Request, pk: int) -> Response:
        """Suggest keywords. They are words that nearly only confirmed transactions of the category have."""
        found = suggest_keywords(self.get_object(), catalog=self.catalog)
        return Response(KeywordSuggestionsSerializer({"results": found}).data)


def _parted(fields: dict[str, Any], names: Set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of the category, and those that a ledger adapts, which have these names."""
    own = {name: value for name, value in fields.items() if name not in names}
    if own.get("description", "") is None:
        own["description"] = ""  # nothing is shipped to return to
    return own, {name: value for name, value in fields.items() if name in names}


def _refuse_system(category: Category) -> None:
    if category.ledger_id is None:
        detail = (
            "A system category cannot be changed, deleted or merged. Hide it with is_hidden: true, or give it keywords "
            "or a description of your own."
        )
        raise PermissionDenied(detail, code="system_category")
