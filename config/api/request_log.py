"""The id of each request, in its answer and in all its log lines, and the log of refused writes."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path

from accounts.services.refusal_log import log_refusal

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request that this thread works on, or None outside of requests."""
    return _current.get()


class RequestIdMiddleware:
    """Names each request, by the proxy's id or a new one, and logs refused writes. It must be the first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        request_id = given if WELL_FORMED.fullmatch(given) else str(uuid.uuid4())
        token = _current.set(request_id)
        try:
            response = self.get_response(request)
            response.headers[REQUEST_ID_HEADER] = request_id
            # Django itself logs what failed here, with a traceback.
            if request.method in WRITES and 400 <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                _log_refused_write(request, response)
            return response
        finally:
            _current.reset(token)


def _log_refused_write(request: HttpRequest, response: HttpResponseBase) -> None:
    body: dict[str, Any] = {"type": None, "errors": []}
    if isinstance(response, HttpResponse) and response.headers.get("Content-Type") == "application/problem+json":
        body = json.loads(response.content)
    path, status = escape_uri_path(request.path), response.status_code
    log_refusal(
        f"{request.method} {path} {status}",
        request_id=current_request_id(),
        user_id=_user_id(request),
        method=request.method,
        path=path,
        status=status,
        type=body["type"],
        codes=[error["code"] for error in body["errors"]],
    )


def _user_id(request: HttpRequest) -> int | None:
    """Return the id of the user whom a view or the middleware of idempotency keys has found."""
    return getattr(getattr(request, "user", None), "pk", None)


class RequestFields(logging.Filter):
    """Adds the request's id to each record. Django's own records show method, path and user, but no query string."""

    def filter(self, record: logging.LogRecord) -> bool:
        fields: dict[str, Any] = record.__dict__
        fields.setdefault("request_id", current_request_id())
        request = fields.pop("request", None)  # its text has the query string, which is the user's content
        if isinstance(request, HttpRequest):
            fields |= {"method": request.method, "path": escape_uri_path(request.path), "user_id": _user_id(request)}
            fields["status"] = fields.pop("status_code", None)
        return True
