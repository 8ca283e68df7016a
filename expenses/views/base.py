"""What the views of a ledger's things share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils.functional import SimpleLazyObject
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.services.ledger_lock import lock_ledger
from expenses.views.permissions import MayWriteLedger
from expenses.views.preconditions import check_preconditions, etag_of, etag_of_list


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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes in the ledger until the block ends, so that what is checked in it stays true."""
        with transaction.atomic():
            lock_ledger(ledger_id_of(self.user))
            yield

    @contextmanager
    def guarded(self) -> Iterator[Any]:
        """The row at the address, which nobody else changes until the block ends. Raises PreconditionFailed."""
        with self.locked():
            row = self.get_object()
            check_preconditions(self.request, etag_of(row))
            yield row

    def answer(self, row: Any, *, code: int = status.HTTP_200_OK) -> Response:
        """The body of a row, with its ETag."""
        return Response(self.get_serializer(row).data, status=code, headers={"ETag": etag_of(row)})


#: What chooses a page of a list, not which rows are in it.
PAGE_PARAMETERS = {"page", "page_size", "cursor", "ordering", "format"}


def unless_known(request: Request, make: Callable[[], Response], *besides: object) -> Response:
    """An answer made of the ledger and what is named besides, with its tag: 304 while none of these has changed."""
    tag = etag_of_list(membership_of(request.user).ledger, *besides)  # type: ignore[arg-type]
    unchanged = check_preconditions(request, tag)
    if unchanged is not None:
        return unchanged
    answer = make()
    answer["ETag"] = tag
    return answer


class Listed(mixins.ListModelMixin, LedgerViewSet):
    """Lists rows that are stamped with the ledger's version: 304 while nothing in the ledger has changed."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return unless_known(request, lambda: super(Listed, self).list(request, *args, **kwargs))

    def list_key(self) -> tuple[Any, ...]:
        """Equal for lists that hold the same rows: the ledger, its version, the address, and what narrows the list."""
        ledger = membership_of(self.user).ledger
        narrowed = [item for item in sorted(self.request.query_params.lists()) if item[0] not in PAGE_PARAMETERS]
        return ledger.pk, ledger.version, self.request.path, str(narrowed)


class Retrieved(LedgerViewSet):
    """Shows one row that is stamped with the ledger's version: 304 while it is as the client knows it."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        return check_preconditions(request, etag_of(row)) or self.answer(row)
