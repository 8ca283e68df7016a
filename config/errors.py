"""One envelope for every error, inside DRF and outside: RFC 9457 problem details with the failing fields named."""

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

from expenses.rates.conversion import MissingRate
from expenses.services.ledger_lock import NotAllowed, Refusal
from expenses.views.base import Conflict
from expenses.views.parsers import BodyTooLarge

CONTENT_TYPE = "application/problem+json"


def problem(status: int, detail: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of an error: `errors` has one entry per failing field, `attr` null where no field is to blame."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors,
    }


class ProblemFormatter(ExceptionFormatter):
    """Shapes what DRF raised."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        errors: list[dict[str, Any]] = [
            {"attr": _field(e.attr), "code": e.code, "detail": _printable(e.detail)} for e in error_response.errors
        ]
        summary = _printable(error_response.errors[0].detail)
        summary = summary if len(errors) == 1 else f"{len(errors)} fields are wrong."
        return problem(self.exc.status_code, summary, errors)


def _field(attr: str | None) -> str | None:
    """The field to blame: DRF names a fault of the whole `non_field_errors`, below a path or alone."""
    if attr is None:
        return None
    path = attr.removesuffix("non_field_errors").removesuffix(".")
    return _printable(path) or None


def _printable(text: str) -> str:
    """A message may quote half of a surrogate pair, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


#: Two requests met: one took the name or id that the other wanted, or removed what the other refers to.
SOMEBODY_WAS_FIRST = "Another request was first: look at what is there now, and try again."


def _is_about_others(error: IntegrityError) -> bool:
    """Whether a unique or foreign key was violated; what breaks another constraint is our own mistake."""
    names = {type(error.__cause__).__name__, str(error).partition(" constraint failed")[0]}
    return bool(names & {"UniqueViolation", "ForeignKeyViolation", "UNIQUE", "FOREIGN KEY"})


class Busy(exceptions.APIException):
    """Another write held the database's lock for longer than a request waits."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "Others are writing just now, and nothing of this was done; send it again in a moment."
    default_code = "busy"
    wait = 1  # DRF makes Retry-After of it


LOCKED_OUT = {"LockNotAvailable", "DeadlockDetected"}


def is_about_a_lock(error: OperationalError) -> bool:
    """Whether others' writes were in the way, rather than the database being broken."""
    return "database is locked" in str(error) or type(error.__cause__).__name__ in LOCKED_OUT


def _as_answer(exc: DatabaseError) -> Exception:
    """What meeting others' writes is for the client; anything else stays a mistake of ours."""
    if isinstance(exc, OperationalError) and is_about_a_lock(exc):
        return Busy()
    if isinstance(exc, IntegrityError) and _is_about_others(exc):
        return Conflict(SOMEBODY_WAS_FIRST)
    return exc


def _not_there(exc: ObjectDoesNotExist | MissingRate) -> exceptions.NotFound:
    """A row that was there when the request came in, or a rate that nobody knows."""
    return exceptions.NotFound(str(exc), code="rate_missing") if isinstance(exc, MissingRate) else exceptions.NotFound()


class ProblemHandler(ExceptionHandler):
    """Answers with the media type of problem details, whatever the view renders when all is well."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """What Django finds wrong with a form while it is read is the client's fault, too."""
        if isinstance(exc, RequestDataTooBig):
            return BodyTooLarge()
        if isinstance(exc, SuspiciousOperation):
            return exceptions.ParseError("The request could not be understood.")
        if isinstance(exc, ObjectDoesNotExist | MissingRate):
            return _not_there(exc)
        if isinstance(exc, Refusal):
            kind = exceptions.PermissionDenied if isinstance(exc, NotAllowed) else Conflict
            return kind(str(exc), code=exc.code)
        if isinstance(exc, DatabaseError):
            return _as_answer(exc)
        known: Exception = super().convert_known_exceptions(exc)
        return known

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        request = self.context.get("request")
        if request is not None:
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return Response(data, status=exc.status_code, headers=self.get_headers(exc), content_type=CONTENT_TYPE)


def problem_page(status: HTTPStatus, code: str, detail: str, *, attr: str | None = None) -> HttpResponse:
    """An error from outside of DRF; `attr` is the field or header to blame."""
    body = problem(status, detail, [{"attr": attr, "code": code, "detail": detail}])
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a host that is not allowed, a body over the limit, a malformed form."""
    if isinstance(exception, DisallowedHost):
        detail = f"This server does not go by the name “{request.META.get('HTTP_HOST', '')}”: see OUTLAY_ALLOWED_HOSTS."
        return problem_page(HTTPStatus.BAD_REQUEST, "host_not_allowed", detail)
    return problem_page(HTTPStatus.BAD_REQUEST, "bad_request", "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem_page(HTTPStatus.FORBIDDEN, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: no such address."""
    if is_valid_path(f"{request.path_info}/"):
        return problem_page(HTTPStatus.NOT_FOUND, "slash_missing", f"Addresses end with a slash: {request.path_info}/")
    return problem_page(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address; /api/v1/docs/ lists all.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: says nothing of the inside; the log has the trace."""
    return problem_page(
        HTTPStatus.INTERNAL_SERVER_ERROR, "error", "Something went wrong here; the server's log says what."
    )
