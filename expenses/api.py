"""What the views of a ledger's things share."""

from functools import cached_property
from typing import Any

from django.utils.functional import SimpleLazyObject
from rest_framework import status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated

from accounts.models import User
from expenses.catalog import Catalog
from expenses.permissions import MayWriteLedger


class Conflict(APIException):
    """What is asked for does not go together with what is there."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This does not go together with what is there."
    default_code = "conflict"


class LedgerViewSet(viewsets.GenericViewSet[Any]):
    """Rows of the ledger that the signed-in person works in; anyone else's are simply not there."""

    permission_classes = [IsAuthenticated, MayWriteLedger]
    lookup_value_converter = "int"

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - the permission has seen to it
        return self.request.user

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog.load_for(self.user)

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.for_user(self.user)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        return context | {"catalog": SimpleLazyObject(lambda: self.catalog)}  # most answers need none
