"""Pages of lists: numbered with a count by default, or by cursor."""

import re
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from expenses.querysets import rows_beyond

PAGE_SIZE = 50

#: Key of a list, which holds the ledger's version → number of its rows.
_counts: dict[Hashable, int] = {}


def forget_counts() -> None:
    """Clear the cached counts, for tests in which versions start again."""
    _counts.clear()


class CountingPaginator(Paginator[Any]):
    """Counts the rows of a list once for each version of the ledger, since the count is the slowest part of a page."""

    def __init__(self, rows: Any, per_page: int, *, key: Hashable) -> None:
        super().__init__(rows, per_page)
        self.key = key

    @cached_property
    def count(self) -> int:
        known = _counts.get(self.key)
        if known is not None:
            return known
        if len(_counts) >= 1000:
            _counts.clear()
        n = _counts[self.key] = super().count
        return n


class NumberedPages(PageNumberPagination):
    """`?page=2&page_size=100`."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        list_key = getattr(view, "list_key", None)  # lists of the ledger have one
        if list_key is not None:
            self.django_paginator_class = partial(CountingPaginator, key=list_key())  # type: ignore[assignment]
        return super().paginate_queryset(queryset, request, view=view)

    def get_page_number(self, request: Request, paginator: Paginator[Any]) -> int:
        return _number_in(request, "page") or 1

    def get_page_size(self, request: Request) -> int:
        return min(_number_in(request, "page_size") or PAGE_SIZE, self.max_page_size)


def _number_in(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is not None and not re.fullmatch(r"0*[1-9]\d{0,99}", text, re.ASCII):
        raise ValidationError({name: "Give a whole number, at least 1."}, code="invalid")
    return int(text) if text is not None else None


class CursorPages(BasePagination):
    """`?cursor=` for the first page, then follow `next`. No row comes twice while others are added; there is no count.

    A cursor is the place of a row in the whole order, whose last column is unique. DRF's own cursor uses the first
    column alone and an offset within equal values, which shifts when a row is added to the same day.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.address = request.build_absolute_uri()
        self.order = [str(name) for name in queryset.query.order_by or queryset.model._meta.ordering]
        size = NumberedPages().get_page_size(request)
        place, backwards = self._decode(request.query_params["cursor"], queryset.model)
        if place is not None:
            queryset = queryset.filter(rows_beyond(self.order, place, backwards=backwards))
        rows = list((queryset.reverse() if backwards else queryset)[: size + 1])
        has_more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self.has_next = has_more or backwards
        self.has_previous = has_more if backwards else place is not None
        self.rows = rows
        return rows

    def get_paginated_response(self, data: list[Any]) -> Response:
        following = self._link(self.rows[-1:] if self.has_next else [], backwards=False)
        previous = self._link(self.rows[:1] if self.has_previous else [], backwards=True)
        return Response({"count": None, "next": following, "previous": previous, "results": data})

    def _link(self, rows: Sequence[Model], *, backwards: bool) -> str | None:
        if not rows:
            return None
        fields = [rows[0]._meta.get_field(name.lstrip("-")) for name in self.order]
        place = [field.value_to_string(rows[0]) for field in fields]  # type: ignore[union-attr]
        cursor = signing.dumps([self.order, place, backwards], salt="cursor", compress=True)
        return replace_query_param(self.address, "cursor", cursor)

    def _decode(self, cursor: str, model: type[Model]) -> tuple[list[Any] | None, bool]:
        if not cursor:
            return None, False
        try:
            order, place, backwards = signing.loads(cursor, salt="cursor")
        except signing.BadSignature:
            raise NotFound("This cursor is not one of ours; begin with an empty one.", "invalid_cursor") from None
        if order != self.order:
            raise NotFound("This cursor is of a list in another order; begin with an empty one.", "invalid_cursor")
        fields = [model._meta.get_field(name.lstrip("-")) for name in order]
        return [field.to_python(value) for field, value in zip(fields, place, strict=True)], backwards  # type: ignore[union-attr]


class Pages(BasePagination):
    """Pages by cursor where the client sends `cursor` and the rows are a queryset, else numbered pages."""

    display_page_controls = False

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        has_cursor = "cursor" in request.query_params and isinstance(queryset, QuerySet)
        if has_cursor and "page" in request.query_params:
            raise ValidationError({"page": "Give `page` or `cursor`, but not both."}, code="contradictory")
        self.pages: BasePagination = CursorPages() if has_cursor else NumberedPages()
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
