"""ETag, If-Match and If-None-Match, as RFC 9110 has them."""

from typing import Any

from django.conf import settings
from django.utils.cache import get_conditional_response
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.membership import Ledger


class PreconditionFailed(APIException):
    """The client knows an older version than the one that is there."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "It was changed meanwhile: read it again, and repeat your change if it still makes sense."
    default_code = "changed_meanwhile"


def etag_of(row: Any) -> str:
    """The strong tag of one row's body: it changes with everything that the body shows."""
    return f'"{row.pk}-{getattr(row, "seen_version", row.version)}"'  # what a category shows depends on the ledger


def etag_of_list(ledger: Ledger) -> str:
    """The weak tag of any list of a ledger: the same rows may be written in other words by another release."""
    return f'W/"{ledger.pk}-{ledger.version}-{settings.VERSION}"'


def check_preconditions(request: Request, etag: str) -> Response | None:
    """A 304 where the client's copy is good, None where the request is to be done. Raises PreconditionFailed."""
    found = get_conditional_response(request, etag=etag)
    if found is None:
        return None
    if found.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    return Response(status=found.status_code, headers={"ETag": etag})
