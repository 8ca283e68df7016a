"""Answers a request that is sent again with its `Idempotency-Key` as it was answered the first time.

The header is that of draft-ietf-httpapi-idempotency-key-header; docs/retrying.md says what clients may rely on.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from accounts.authentication import TokenAuthentication
from accounts.models import StoredAnswer, User
from accounts.services.stored_answers import KeyInUse, KeyReused, claim_key, free_key, hold_key, keep_answer
from config.errors import SOMEBODY_WAS_FIRST, Busy, is_about_a_lock, problem_page
from config.fingerprints import received
from config.keys import HEADER, is_key, takes_key, unquoted
from expenses.views.parsers import BodyTooLarge

REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
RETRY_AFTER_S = 1

BAD_KEY = "A key has 1 to 255 visible ASCII characters; a UUID is a good one."
KEY_REUSED = (
    "This key came with another request before. Send the same request as then to get its answer, or a new key "
    "with a new request."
)
KEY_IN_USE = "A request with this key is being worked on; send it again in a moment to get its answer."

Answer = Callable[[WSGIRequest], HttpResponseBase]


class IdempotencyMiddleware:
    """Does the work of a request with a key once, in one transaction with the answer that it keeps."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: WSGIRequest) -> HttpResponseBase:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or not takes_key(request.method or "", request.path_info):
            return self.get_response(request)
        user = _sender_of(request)
        if user is None:
            return self.get_response(request)
        try:
            return self._answer_once(request, user, unquoted(key))
        except (KeyInUse, KeyReused, RequestDataTooBig) as error:
            return _refused(error)
        except (OperationalError, IntegrityError) as error:
            return _interrupted(error)

    def _answer_once(self, request: WSGIRequest, user: User, key: str) -> HttpResponseBase:
        if not is_key(key):
            return _refusal(HTTPStatus.BAD_REQUEST, "invalid", BAD_KEY)
        with received(request) as fingerprint:
            answer = claim_key(by=user, key=key, fingerprint=fingerprint)
            return self._work_and_keep(request, answer) if answer.status is None else _replay(answer)

    def _work_and_keep(self, request: WSGIRequest, answer: StoredAnswer) -> HttpResponseBase:
        is_kept = False
        try:
            response, is_kept = self._work(request, answer)
        finally:
            if not is_kept:
                free_key(answer=answer)
        return response

    def _work(self, request: WSGIRequest, answer: StoredAnswer) -> tuple[HttpResponseBase, bool]:
        """The answer, and whether it is kept. What ends in an error is undone, so that the next try does the whole."""
        with transaction.atomic():
            hold_key(answer=answer)
            response = self.get_response(request)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                transaction.set_rollback(True)
                return response, False
            if not isinstance(response, HttpResponse):  # a stream, which may be longer than memory
                return response, False
            headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            keep_answer(answer=answer, status=response.status_code, headers=headers, body=response.content)
        return response, True


def _sender_of(request: WSGIRequest) -> User | None:
    try:
        found = TokenAuthentication().authenticate(request)
    except (AuthenticationFailed, PermissionDenied):  # for the view to refuse in its own words
        return None
    return found[0] if found else None


def _refused(error: KeyInUse | KeyReused | RequestDataTooBig) -> HttpResponse:
    if isinstance(error, KeyReused):
        return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", KEY_REUSED)
    if isinstance(error, RequestDataTooBig):
        too_large = BodyTooLarge()
        return problem_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, BodyTooLarge.default_code, str(too_large.detail))
    answer = _refusal(HTTPStatus.CONFLICT, "key_in_use", KEY_IN_USE)
    answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _interrupted(error: OperationalError | IntegrityError) -> HttpResponse:
    """Another request was in the way outside of the view: at the claim, or at the commit, where references are checked.

    Raises the error where nobody else is to blame.
    """
    if isinstance(error, IntegrityError):
        return problem_page(HTTPStatus.CONFLICT, "conflict", SOMEBODY_WAS_FIRST)
    if not is_about_a_lock(error):
        raise error
    answer = problem_page(HTTPStatus.SERVICE_UNAVAILABLE, Busy.default_code, Busy.default_detail)
    answer["Retry-After"] = str(Busy.wait)
    return answer


def _refusal(status: HTTPStatus, code: str, detail: str) -> HttpResponse:
    return problem_page(status, code, detail, attr=HEADER)


def _replay(answer: StoredAnswer) -> HttpResponse:
    """The first answer, but that nothing was created this time."""
    status = HTTPStatus.OK if answer.status == HTTPStatus.CREATED else answer.status
    response = HttpResponse(bytes(answer.body), status=status, headers={**answer.headers, REPLAYED: "true"})
    if "Content-Type" not in answer.headers:
        del response["Content-Type"]
    return response
