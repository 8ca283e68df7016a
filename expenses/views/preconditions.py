"""ETag, If-Match and If-None-Match, as RFC 9110 has them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models.ledgers import Ledger


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
