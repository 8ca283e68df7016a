"""Middleware of our own: security headers, one time limit for patterns, and answers to repeated requests."""

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied

from accounts.access import TokenAuthentication
from accounts.models import StoredAnswer
from accounts.services.stored_answers import KeyInUse, KeyReused, claim_key, free_key, hold_key, keep_answer
from config.api.errors import ANOTHER_WAS_FIRST, Busy, is_about_a_lock, problem_page
from config.api.idempotency import KEY, KEY_HEADER, received_body, takes_key
from expenses.views.parsers import BodyTooLarge
from rules.operators.patterns import pattern_budget


class SecurityHeaders:
    """Adds security headers that a view has not set. Without CORS headers, pages of other sites read nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path_info.startswith("/api/"):
            # An answer of the API is data: nothing in it runs, loads, is framed or sent.
            policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            headers.setdefault("Content-Security-Policy", policy)
            # No proxy and no browser keeps an answer. With an ETag, a client may, and asks each time.
            headers.setdefault("Cache-Control", "private, no-cache" if "ETag" in headers else "no-store")
        return response


class PatternBudgetMiddleware:
    """Limits the time of all patterns that a request matches; see rules.operators.patterns."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with pattern_budget():
            return self.get_response(request)


KEPT_HEADERS = ("Content-Type", "Location", "ETag")

BAD_KEY = "A key has 1 to 255 visible ASCII characters; a UUID is a good one."
KEY_REUSED = (
    "This key came with another request before. Send the same request as then to get its answer, or a new key "
    "with a new request."
)
KEY_IN_USE = "A request with this key is being worked on; send it again in a moment to get its answer."


class IdempotencyMiddleware:
    """Does the work of a request with an idempotency key once, in one transaction with the answer that it stores."""

    def __init__(self, get_response: Callable[[WSGIRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: WSGIRequest) -> HttpResponseBase:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or not takes_key(request.method or "", request.path_info):
            return self.get_response(request)
        try:
            found = TokenAuthentication().authenticate(request)
        except (AuthenticationFailed, NotAuthenticated, PermissionDenied):
            found = None
        if found is None:  # the view refuses in its own words
            return self.get_response(request)
        request.user = found[0]  # the log names the user of a refusal
        if len(key) > 1 and key[0] == key[-1] == '"':  # the draft has a string in quotes, most clients send none
            key = key[1:-1]
        if KEY.fullmatch(key) is None:
            return _refusal(HTTPStatus.BAD_REQUEST, "invalid", BAD_KEY)
        try:
            with received_body(request) as fingerprint:
                answer = claim_key(by=found[0], key=key, fingerprint=fingerprint)
                return self._work_and_keep(request, answer) if answer.status is None else _replay(answer)
        except KeyReused:
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", KEY_REUSED)
        except KeyInUse:
            return _refusal(HTTPStatus.CONFLICT, "key_in_use", KEY_IN_USE, retry_after_s=1)
        except RequestDataTooBig:
            detail = str(BodyTooLarge().detail)
            return problem_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, BodyTooLarge.default_code, detail)
        # Another request may be in the way outside of the view: at the claim, or at the commit.
        except IntegrityError:
            return problem_page(HTTPStatus.CONFLICT, "conflict", ANOTHER_WAS_FIRST)
        except OperationalError as error:
            if not is_about_a_lock(error):
                raise
            busy = problem_page(HTTPStatus.SERVICE_UNAVAILABLE, Busy.default_code, Busy.default_detail)
            busy["Retry-After"] = str(Busy.wait)
            return busy

    def _work_and_keep(self, request: WSGIRequest, answer: StoredAnswer) -> HttpResponseBase:
        """Return the view's answer. An error is rolled back and not stored, so that the next try does all the work."""
        is_kept = False
        try:
            with transaction.atomic():
                hold_key(answer=answer)
                response = self.get_response(request)
                if response.status_code >= HTTPStatus.BAD_REQUEST:
                    transaction.set_rollback(True)
                elif isinstance(response, HttpResponse):  # a stream may be longer than memory
                    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
                    keep_answer(answer=answer, status=response.status_code, headers=headers, body=response.content)
            is_kept = isinstance(response, HttpResponse) and response.status_code < HTTPStatus.BAD_REQUEST
        finally:
            if not is_kept:
                free_key(answer=answer)
        return response


def _refusal(status: HTTPStatus, code: str, detail: str, *, retry_after_s: int | None = None) -> HttpResponse:
    answer = problem_page(status, code, detail, attr=KEY_HEADER)
    if retry_after_s is not None:
        answer["Retry-After"] = str(retry_after_s)
    return answer


def _replay(answer: StoredAnswer) -> HttpResponse:
    """Return the first answer; 201 becomes 200, since nothing was created this time."""
    status = HTTPStatus.OK if answer.status == HTTPStatus.CREATED else answer.status
    headers = {**answer.headers, "Idempotency-Replayed": "true"}
    response = HttpResponse(bytes(answer.body), status=status, headers=headers)
    if "Content-Type" not in answer.headers:
        del response["Content-Type"]
    return response
