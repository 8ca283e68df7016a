"""Lists: numbered pages with a count by default, a cursor on request."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination, CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class NumberedPages(PageNumberPagination):
    """`?page=2&page_size=100`."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE


class CursorPages(CursorPagination):
    """`?cursor=` for the first page, then follow `next`: no count, and no row is seen twice while others are added."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        """The order the list already has, which ends with a unique column."""
        return tuple(queryset.query.order_by or queryset.model._meta.ordering)

    def get_paginated_response(self, data: list[Any]) -> Response:
        return Response(
            {"count": None, "next": self.get_next_link(), "previous": self.get_previous_link(), "results": data}
        )


class Pages(BasePagination):
    """Chooses between the two by whether the client says `cursor`."""

    display_page_controls = False

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        self.pages = CursorPages() if "cursor" in request.query_params else NumberedPages()
        return self.pages.paginate_queryset(queryset, request, view=view)

    def get_paginated_response(self, data: list[Any]) -> Response:
        return self.pages.get_paginated_response(data)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        paginated = NumberedPages().get_paginated_response_schema(schema)
        paginated["properties"]["count"]["nullable"] = True
        return paginated

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        cursor = {
            "name": "cursor",
            "in": "query",
            "required": False,
            "description": "Empty for the first page; then follow `next`. Lists by cursor have no count.",
            "schema": {"type": "string"},
            "allowEmptyValue": True,
        }
        return [*NumberedPages().get_schema_operation_parameters(view), cursor]
