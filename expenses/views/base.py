"""View sets of a ledger's rows: permissions, `as_user`, and conditional requests by ETag (RFC 9110)."""

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
from drf_spectacular.utils import OpenApiParameter
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.roles import is_admin
from accounts.strict_view import StrictView
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import Ledger, Role, ledger_id_of, membership_of, work_in
from expenses.services.ledger_lock import lock_ledger

#: The query parameter that names another user's ledger.
AS_USER = "as_user"


class PreconditionFailed(APIException):
    """The client knows an older version of the row."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "It was changed meanwhile: read it again, and repeat your change if it still makes sense."
    default_code = "changed_meanwhile"


def etag_of(row: Any) -> str:
    """Return the strong ETag of a row: its id and version. What others change in its body leaves the tag."""
    return f'"{row.pk}-{getattr(row, "seen_version", row.version)}"'  # a system category depends on the ledger


def etag_of_list(ledger: Ledger, *besides: object) -> str:
    """Return the weak ETag of any list of a ledger; it changes with the ledger and with each release.

    `besides` is what else the answer depends on, such as a day or a currency, without spaces and quotes.
    """
    parts = (ledger.pk, ledger.version, settings.VERSION, *besides)
    return f'W/"{"-".join(map(str, parts))}"'


def etag_of_body(body: Mapping[str, Any]) -> str:
    """Return the strong ETag of a JSON body that is made of several rows."""
    return f'"{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]}"'


def check_preconditions(request: Request, etag: str) -> Response | None:
    """Return a 304 response if the client's copy is current, else None.

    Raises PreconditionFailed, and ValidationError for a write whose condition cannot be read.
    """
    for header in () if request.method in SAFE_METHODS else ("If-Match", "If-None-Match"):
        value = request.headers.get(header)
        # Django ignores an invalid ETag, so the write would go ahead without the client's condition.
        if value is not None and not parse_etags(value):
            detail = 'Send the ETag as it was given, with its quotes: "91-118".'
            raise ValidationError({header: detail}, code="invalid")
    found = get_conditional_response(request, etag=etag)
    if found is None:
        return None
    if found.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    return Response(status=found.status_code, headers={"ETag": etag})


def read_as_user(request: Request, view: APIView) -> None:
    """Switch an admin's request to the ledger of the user in `as_user`. Raises PermissionDenied, NotFound.

    There an admin reads everything, and writes in the actions that the view names in `open_to_admins`.
    """
    username = request.query_params.get(AS_USER)
    if username is None:
        return
    assert isinstance(request.user, User)  # noqa: S101 - IsAuthenticated has checked it
    if not (settings.ADMIN_SEES_ALL and is_admin(request.user)):
        raise PermissionDenied(
            "`as_user` is for admins, on servers with OUTLAY_ADMIN_SEES_ALL=yes; leave it out to see your own ledger.",
            code="as_user_refused",
        )
    user = User.objects.filter(username__iexact=username).first() if username.isprintable() else None
    if user is None:
        raise NotFound("There is no user of this name.", code="no_such_person")
    may_write = getattr(view, "action", None) in getattr(view, "open_to_admins", ())
    work_in(membership_of(user).ledger, user=request.user, role=Role.EDITOR if may_write else Role.VIEWER)


class MayWriteLedger(BasePermission):
    """Every member may read; owners and editors may write."""

    message = "You may read this ledger, but not write to it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        read_as_user(request, view)
        return request.method in SAFE_METHODS or membership_of(request.user).may_write


class MayAskLedger(BasePermission):
    """Every member may send requests that write nothing, whatever the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        read_as_user(request, view)
        return True


class Conflict(APIException):
    """The request conflicts with existing data."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This conflicts with existing data."
    default_code = "conflict"


class LedgerView(StrictView):
    """A view of the ledger that the user works in."""

    permission_classes = [IsAuthenticated, MayWriteLedger]

    common_parameters = StrictView.common_parameters | {AS_USER}

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - IsAuthenticated has checked it
        return self.request.user

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog.load_for(self.user)

    def get_serializer_context(self) -> dict[str, Any]:
        catalog = SimpleLazyObject(lambda: self.catalog)  # most responses need none
        return super().get_serializer_context() | {"catalog": catalog}


class LedgerViewSet(LedgerView, viewsets.GenericViewSet[Any]):
    """Rows of the ledger that the user works in; rows of other ledgers are not found."""

    lookup_value_converter = "int"
    #: Writes look at `If-Match`.
    is_guarded = False

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.for_user(self.user)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the ledger until the block ends, so that what is checked in the block stays true."""
        with transaction.atomic():
            lock_ledger(ledger_id_of(self.user))
            yield

    @contextmanager
    def guarded(self) -> Iterator[Any]:
        """Yield the row at the address under the ledger's lock. Raises PreconditionFailed."""
        with self.locked():
            row = self.get_object()
            check_preconditions(self.request, etag_of(row))
            yield row

    def answer(self, row: Any, *, code: int = status.HTTP_200_OK) -> Response:
        """Return the body of a row with its ETag."""
        return Response(self.get_serializer(row).data, status=code, headers={"ETag": etag_of(row)})


#: For lists that are not rows of one table in its order: no cursor can say where one is.
NO_CURSOR = OpenApiParameter("cursor", exclude=True)
#: Query parameters that choose a page or an order of a list, but not its rows.
PAGE_PARAMETERS = {"page", "page_size", "cursor", "ordering", "format"}


def conditional_response(request: Request, make: Callable[[], Response], *besides: object) -> Response:
    """Return the response of `make` with an ETag of the ledger and `besides`, or 304 while these are unchanged."""
    tag = etag_of_list(membership_of(request.user).ledger, *besides)  # type: ignore[arg-type]
    unchanged = check_preconditions(request, tag)
    if unchanged is not None:
        return unchanged
    answer = make()
    answer["ETag"] = tag
    return answer


class ListViewSet(mixins.ListModelMixin, LedgerViewSet):
    """A list whose ETag is the version of the ledger: 304 while nothing in the ledger has changed."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return conditional_response(request, lambda: super(ListViewSet, self).list(request, *args, **kwargs))

    def list_key(self) -> tuple[Any, ...]:
        """Return a key of the list's rows: the ledger, its version, the address and the filters."""
        ledger = membership_of(self.user).ledger
        narrowed = [item for item in sorted(self.request.query_params.lists()) if item[0] not in PAGE_PARAMETERS]
        return ledger.pk, ledger.version, self.request.path, str(narrowed)


class RetrieveViewSet(LedgerViewSet):
    """A single row whose ETag is its version: 304 while it is as the client knows it."""

    is_guarded = True

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        return check_preconditions(request, etag_of(row)) or self.answer(row)
