"""Views of tags."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Tag
from expenses.serializers.tags import MergedTagSerializer, TagMergeInput, TagSerializer
from expenses.services import tags
from expenses.services.ledger_lock import add_row
from expenses.views.base import ListViewSet, RetrieveViewSet, etag_of


class TagViewSet(ListViewSet, RetrieveViewSet):
    """Tags; a tag that a transaction or a rule names is created automatically."""

    queryset = Tag.objects.order_by("name", "id")
    serializer_class = TagSerializer

    def create(self, request: Request) -> Response:
        with self.locked():
            tag = add_row(Tag, by=self.user, fields=self.checked(TagSerializer).validated_data)
        return self.answer(tag, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as tag:
            name = self.checked(TagSerializer, tag).validated_data.get("name", tag.name)
            return self.answer(tags.rename_tag(by=self.user, tag=tag, name=name))

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a tag. Transactions lose it. A rule that adds it creates it again."""
        with self.guarded() as tag:
            tags.delete_tag(by=self.user, tag=tag)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=TagMergeInput, responses=MergedTagSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Merge a tag into another. The other one replaces it everywhere and is the answer; the first is deleted."""
        with self.guarded() as tag:
            into = self.checked(TagMergeInput, tag=tag).validated_data["into"]
            n = tags.merge_tag(by=self.user, tag=tag, into=into)
            body = {**self.get_serializer(into).data, "moved": {"transactions": n}}
            return Response(body, headers={"ETag": etag_of(into)})
