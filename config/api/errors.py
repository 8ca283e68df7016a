"""Errors as problem details of RFC 9457 with the wrong fields named, inside DRF and outside."""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from config.api.request_log import current_request_id
from expenses.rates.conversion import MissingRate
from expenses.services.ledger_lock import NotAllowed, Refusal
from expenses.views.base import Conflict
from expenses.views.parsers import BodyTooLarge
from statements.limits.parent import TooManyConversions

CONTENT_TYPE = "application/problem+json"
#: The sentence of a body that is `null`, for which DRF has untranslated words of its own.
NO_BODY = "Send an object, in curly braces."
#: Wrong fields that the `detail` of a problem names; `errors` names all.
N_FIELDS_NAMED = 5


def problem(status: int, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body of an error. `errors` has an entry for each wrong field; without a field, `attr` is null."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _summary(errors),
        "errors": errors,
        "request_id": current_request_id(),
    }


def _summary(errors: list[dict[str, Any]]) -> str:
    """Return the sentences of the only wrong field behind its name, or the names of all wrong fields."""
    fields = list(dict.fromkeys(error["attr"] for error in errors))
    if len(fields) == 1:
        sentences = " ".join(str(error["detail"]) for error in errors)
        return sentences if fields[0] is None else f"{fields[0]}: {sentences}"
    named = [field for field in fields if field is not None]
    more = f" and {len(named) - N_FIELDS_NAMED} more" if len(named) > N_FIELDS_NAMED else ""
    return f"{len(fields)} fields are wrong: {', '.join(named[:N_FIELDS_NAMED])}{more}."


class ProblemFormatter(ExceptionFormatter):
    """The body of an error that DRF raised."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        errors: list[dict[str, Any]] = []
        for error in error_response.errors:
            # DRF calls an error of the whole body `non_field_errors`, below a path or alone.
            path = (error.attr or "").removesuffix("non_field_errors").removesuffix(".")
            detail = NO_BODY if error.code == "null" and not path else _printable(error.detail)
            errors.append({"attr": _printable(path) or None, "code": error.code, "detail": detail})
        return problem(self.exc.status_code, errors)


def _printable(text: str) -> str:
    """Replace half a surrogate pair, which a message may quote from JSON, and UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


#: Two requests met: one took a name or id that the other wanted, or deleted what the other refers to.
ANOTHER_WAS_FIRST = "Another request was first: look at what is there now, and try again."


BROKEN_FORM = "This form cannot be read: send it as multipart/form-data with its boundary, as `curl -F` does."


class Busy(exceptions.APIException):
    """Another write held the database's lock for longer than a request waits."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "Others are writing just now, and nothing of this was done; send it again in a moment."
    default_code = "busy"
    wait = 1  # DRF makes Retry-After of it


class BusyReaders(Busy):
    """Other files keep all readers of workbooks and PDFs busy."""

    default_detail = "Other workbooks and PDFs are being read, and nothing of this was done; send it again in a moment."
    wait = 10


def is_about_a_lock(error: OperationalError) -> bool:
    """Return True if another write was in the way; otherwise the database itself is broken."""
    cause = type(error.__cause__).__name__
    return "database is locked" in str(error) or cause in {"LockNotAvailable", "DeadlockDetected"}


class ProblemHandler(ExceptionHandler):
    """Answers every exception with the media type of problem details."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Return the DRF exception for an error of the client, or for a conflict with another request."""
        if isinstance(exc, RequestDataTooBig):
            return BodyTooLarge()
        if isinstance(exc, SuspiciousOperation):
            return exceptions.ParseError("The request could not be understood.")
        if isinstance(exc, MissingRate):
            return exceptions.NotFound(str(exc), code="rate_missing")
        if isinstance(exc, ObjectDoesNotExist):  # a row that was there when the request came in
            return exceptions.NotFound()
        if isinstance(exc, Refusal):
            kind = exceptions.PermissionDenied if isinstance(exc, NotAllowed) else Conflict
            return kind(str(exc), code=exc.code)
        if isinstance(exc, TooManyConversions):
            return BusyReaders()
        if isinstance(exc, OperationalError) and is_about_a_lock(exc):
            return Busy()
        if isinstance(exc, IntegrityError):
            # A unique or foreign key is about another request; any other constraint is our own mistake.
            names = {type(exc.__cause__).__name__, str(exc).partition(" constraint failed")[0]}
            if names & {"UniqueViolation", "ForeignKeyViolation", "UNIQUE", "FOREIGN KEY"}:
                return Conflict(ANOTHER_WAS_FIRST)
        if isinstance(exc, DatabaseError):
            return exc
        known: Exception = super().convert_known_exceptions(exc)
        return known

    def format_exception(self, exc: exceptions.APIException) -> dict[str, Any]:
        """Return the body. What depends on the address is said in words of the address."""
        detail: Any = exc.detail
        if isinstance(exc, exceptions.MethodNotAllowed):
            detail = self._allowed_methods()
        elif isinstance(exc, exceptions.UnsupportedMediaType):
            detail = self._read_media_types()
        elif str(detail).startswith("Multipart form parse error"):
            detail = BROKEN_FORM
        if detail != exc.detail:
            exc.detail = exceptions.ErrorDetail(detail, exc.default_code)
        body: dict[str, Any] = super().format_exception(exc)
        return body

    def _allowed_methods(self) -> str:
        """Return the sentence that names the methods of the address."""
        request: Any = self.context["request"]
        view, method = self.context["view"], request.method
        allowed = [name for name in view.allowed_methods if name not in {"HEAD", "OPTIONS"}]
        if method == "POST" and "PATCH" in allowed:
            return f"POST creates, and this is there already: use PATCH to change it. Allowed are {', '.join(allowed)}."
        return f"{method} is not possible at this address; use {' or '.join(allowed)}."

    def _read_media_types(self) -> str:
        """Return the sentence that names the header of a body that the address reads."""
        if "application/json" in {parser.media_type for parser in self.context["view"].get_parsers()}:
            return "Send JSON, and say so with the header `Content-Type: application/json`."
        return "Send a form with the header `Content-Type: multipart/form-data`, as `curl -F` does."

    def report_exception(self, exc: exceptions.APIException, response: Response) -> None:
        """Report an error of the server, unless the server refuses on purpose, which its log need not show."""
        if getattr(exc, "is_expected", False):
            response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - else Django logs an error
        else:
            super().report_exception(exc, response)

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        request = self.context.get("request")
        if request is not None:
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return Response(data, status=exc.status_code, headers=self.get_headers(exc), content_type=CONTENT_TYPE)


def problem_page(status: HTTPStatus, code: str, detail: str, *, attr: str | None = None) -> HttpResponse:
    """Return an error from outside of DRF; `attr` is the wrong field or header."""
    body = problem(status, [{"attr": attr, "code": code, "detail": detail}])
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, for a host that is not allowed, a body over the limit or a malformed form."""
    if isinstance(exception, DisallowedHost):
        detail = f"This server does not go by the name “{request.META.get('HTTP_HOST', '')}”: see OUTLAY_ALLOWED_HOSTS."
        return problem_page(HTTPStatus.BAD_REQUEST, "host_not_allowed", detail)
    return problem_page(HTTPStatus.BAD_REQUEST, "bad_request", "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return problem_page(HTTPStatus.FORBIDDEN, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, with a hint where only the slash is missing."""
    if is_valid_path(f"{request.path_info}/"):
        return problem_page(HTTPStatus.NOT_FOUND, "slash_missing", f"Addresses end with a slash: {request.path_info}/")
    return problem_page(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address; /api/v1/docs/ lists all.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, without details; the log has the traceback."""
    return problem_page(
        HTTPStatus.INTERNAL_SERVER_ERROR, "error", "Something went wrong here; the server's log says what."
    )
