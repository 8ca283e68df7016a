"""ETag, If-Match and If-None-Match, as RFC 9110 has them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.cache import get_conditional_response
from django.utils.functional import SimpleLazyObject
from django.utils.http import parse_etags
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.roles import is_admin
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import Ledger, ledger_id_of, look_into, membership_of
from expenses.serializers.filters import AS_USER
from expenses.services.ledger_lock import lock_ledger


class PreconditionFailed(APIException):
    """The client knows an older version than the one that is there."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "It was changed meanwhile: read it again, and repeat your change if it still makes sense."
    default_code = "changed_meanwhile"


def etag_of(row: Any) -> str:
    """The strong tag of one row's body: it changes with everything that the body shows."""
    return f'"{row.pk}-{getattr(row, "seen_version", row.version)}"'  # what a category shows depends on the ledger


def etag_of_list(ledger: Ledger, *besides: object) -> str:
    """The weak tag of any list of a ledger: the same rows may be written in other words by another release.

    `besides`: what else the answer depends on, such as a day or a currency, in words without spaces and quotes.
    """
    parts = (ledger.pk, ledger.version, settings.VERSION, *besides)
    return f'W/"{"-".join(map(str, parts))}"'


def etag_of_body(body: Mapping[str, Any]) -> str:
    """The strong tag of a body of JSON values that is made of several rows."""
    return f'"{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]}"'


def check_preconditions(request: Request, etag: str) -> Response | None:
    """A 304 where the client's copy is good, None where the request is to be done.

    Raises PreconditionFailed, and ValidationError for a write whose condition cannot be read.
    """
    _require_readable(request)
    found = get_conditional_response(request, etag=etag)
    if found is None:
        return None
    if found.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    return Response(status=found.status_code, headers={"ETag": etag})


def _require_readable(request: Request) -> None:
    """Django leaves out what is no tag; a write would then go ahead as if its client had set no condition."""
    if request.method in SAFE_METHODS:
        return
    for header in ("If-Match", "If-None-Match"):
        value = request.headers.get(header)
        if value is not None and not parse_etags(value):
            detail = 'Send the ETag as it was given, with its quotes: "91-118".'
            raise ValidationError({header: detail}, code="invalid")


def look_in(request: Request) -> None:
    """Let the request see the named person's ledger as a viewer does. Raises PermissionDenied, NotFound."""
    username = request.query_params.get(AS_USER)
    if username is None:
        return
    assert isinstance(request.user, User)  # noqa: S101 - the permission has seen to it
    if not (settings.ADMIN_SEES_ALL and is_admin(request.user)):
        raise PermissionDenied(
            "`as_user` is for admins, on servers with OUTLAY_ADMIN_SEES_ALL=yes; leave it out to see your own ledger.",
            code="as_user_refused",
        )
    person = User.objects.filter(username__iexact=username).first() if username.isprintable() else None
    if person is None:
        raise NotFound("There is nobody of this name.", code="no_such_person")
    look_into(membership_of(person).ledger, user=request.user)


class MayWriteLedger(BasePermission):
    """Every member reads; owners and editors write."""

    message = "You may look at this ledger, but not write in it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        look_in(request)
        return request.method in SAFE_METHODS or membership_of(request.user).may_write


class MayAskLedger(BasePermission):
    """Every member asks what nothing is written for, whatever the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        look_in(request)
        return True


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


def conditional_response(request: Request, make: Callable[[], Response], *besides: object) -> Response:
    """An answer made of the ledger and what is named besides, with its tag: 304 while none of these has changed."""
    tag = etag_of_list(membership_of(request.user).ledger, *besides)  # type: ignore[arg-type]
    unchanged = check_preconditions(request, tag)
    if unchanged is not None:
        return unchanged
    answer = make()
    answer["ETag"] = tag
    return answer


class ListViewSet(mixins.ListModelMixin, LedgerViewSet):
    """Lists rows that are stamped with the ledger's version: 304 while nothing in the ledger has changed."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return conditional_response(request, lambda: super(ListViewSet, self).list(request, *args, **kwargs))

    def list_key(self) -> tuple[Any, ...]:
        """Equal for lists that hold the same rows: the ledger, its version, the address, and what narrows the list."""
        ledger = membership_of(self.user).ledger
        narrowed = [item for item in sorted(self.request.query_params.lists()) if item[0] not in PAGE_PARAMETERS]
        return ledger.pk, ledger.version, self.request.path, str(narrowed)


class RetrieveViewSet(LedgerViewSet):
    """Shows one row that is stamped with the ledger's version: 304 while it is as the client knows it."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        return check_preconditions(request, etag_of(row)) or self.answer(row)
