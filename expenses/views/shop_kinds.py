"""Views of the kinds of shops."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.categorization.catalog import Catalog
from expenses.categorization.shop_kinds import MappedKind, ShopKind, shop_kinds
from expenses.models import KindMapping
from expenses.serializers.shop_kinds import ShopKindInput, ShopKindSerializer, ShopKindsInput, ShopKindsSerializer
from expenses.services.categories import assign_kind, release_kind
from expenses.views.base import LedgerViewSet, check_preconditions, conditional_response, etag_of_body

KIND = OpenApiParameter("kind", OpenApiTypes.STR, OpenApiParameter.PATH, description="Such as `shop=pet` or `pets`.")


@extend_schema_view(
    retrieve=extend_schema(parameters=[KIND], responses=ShopKindSerializer),
    update=extend_schema(parameters=[KIND], request=ShopKindInput, responses=ShopKindSerializer),
    destroy=extend_schema(parameters=[KIND]),
)
class ShopKindViewSet(LedgerViewSet):
    """The kinds of shops that the dictionary of merchants knows, and their categories."""

    queryset = KindMapping.objects.all()
    serializer_class = ShopKindSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "kind"
    lookup_value_converter = "str"
    is_guarded = True

    @extend_schema(parameters=[ShopKindsInput], responses=ShopKindsSerializer)
    def list(self, request: Request) -> Response:
        """List kinds of shops. Each group comes before its kinds."""
        query = self.checked(ShopKindsInput, data=request.query_params.dict())

        def make() -> Response:
            kinds = (MappedKind.of(kind, self.catalog) for kind in shop_kinds().values())
            return Response(ShopKindsSerializer({"results": [kind for kind in kinds if query.matches(kind)]}).data)

        return conditional_response(request, make)

    def retrieve(self, request: Request, kind: str) -> Response:
        """Get a kind of shop. The address takes groups of kinds, too."""
        answer = self._answer(_known(kind))
        return check_preconditions(request, answer["ETag"]) or answer

    def update(self, request: Request, kind: str) -> Response:
        """Put a kind into a category. A whole group can be put as well; null leaves its payments uncategorized."""
        with self._guarded_kind(kind) as found:
            shown = MappedKind.of(found, self.catalog)
            category = self.checked(ShopKindInput, shown).validated_data["category"]
            assign_kind(by=self.user, kind=found.kind, category=category)
            return self._answer(found)

    def destroy(self, request: Request, kind: str) -> Response:
        """Reset a kind's category. A kind follows its group again, and a group the system."""
        with self._guarded_kind(kind) as found:
            release_kind(by=self.user, kind=found.kind)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @contextmanager
    def _guarded_kind(self, name: str) -> Iterator[ShopKind]:
        """Yield the kind under the ledger's lock. Raises PreconditionFailed."""
        kind = _known(name)
        with self.locked():
            check_preconditions(self.request, self._answer(kind)["ETag"])
            yield kind

    def _answer(self, kind: ShopKind) -> Response:
        """Return the current body with its ETag."""
        body: dict[str, Any] = ShopKindSerializer(MappedKind.of(kind, Catalog.load_for(self.user))).data
        return Response(body, headers={"ETag": etag_of_body(body)})


def _known(name: str) -> ShopKind:
    kind = shop_kinds().get(name)
    if kind is None:
        raise Http404
    return kind
