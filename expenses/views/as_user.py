"""An admin reads another person's ledger, on servers whose operator says so: `?as_user=<username>`."""

from django.conf import settings
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from accounts.models import User
from accounts.roles import is_admin
from expenses.models.ledgers import look_into, membership_of

PARAMETER = "as_user"


def look_in(request: Request) -> None:
    """Let the request see the named person's ledger as a viewer does. Raises PermissionDenied, NotFound."""
    username = request.query_params.get(PARAMETER)
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
