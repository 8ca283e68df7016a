"""The web server's worker, which refuses what never reaches Django with a problem body, too."""

from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

#: The longest request line and header field that gunicorn takes at all.
LONGEST_LINE = 8190
#: Longer than the pause of any client that polls, and than the 60 s for which nginx keeps a connection.
KEEP_ALIVE_S = 75
#: What only an application can get wrong, though gunicorn counts it to the same family.
OWN_MISTAKES = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker with threads. A connection that waits for its next request holds none of them."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that Django has not seen, and log it without its words."""
        status, code, detail = refusal_of(exc)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error("A request failed outside of Django.", exc_info=exc)
        else:
            self.log.warning("Refused a request with %s (%s).", status.value, type(exc).__name__)
        try:
            util.write_nonblock(client, problem_answer(status, code, detail))
        except OSError:
            self.log.debug("The client of a refused request is gone.")


def refusal_of(exc: Exception) -> tuple[HTTPStatus, str, str]:
    """Return status, code and sentence of the answer to what gunicorn could not read."""
    if not isinstance(exc, errors.ParseException) or isinstance(exc, OWN_MISTAKES):
        return HTTPStatus.INTERNAL_SERVER_ERROR, "error", "Something went wrong here; the server's log says what."
    if isinstance(exc, errors.LimitRequestLine):
        detail = f"The address is too long. A request line has at most {LONGEST_LINE:,} bytes: send fewer parameters."
        return HTTPStatus.REQUEST_URI_TOO_LONG, "address_too_long", detail
    if isinstance(exc, errors.LimitRequestHeaders):
        detail = f"The headers are too large. Send at most 100, with at most {LONGEST_LINE:,} bytes each."
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail
    if isinstance(exc, errors.ExpectationFailed):
        return HTTPStatus.EXPECTATION_FAILED, "expectation_failed", "Send no header Expect, or “Expect: 100-continue”."
    if isinstance(exc, errors.UnsupportedTransferCoding):
        return HTTPStatus.NOT_IMPLEMENTED, "transfer_coding", "Send the body as it is, or with “chunked” alone."
    return HTTPStatus.BAD_REQUEST, "malformed", f"The request does not follow HTTP, so it was not read. {exc}."


def problem_answer(status: HTTPStatus, code: str, detail: str) -> bytes:
    """Return a whole answer, after which the connection is closed. It has a request id like any other."""
    from django.http import HttpRequest  # noqa: PLC0415 - gunicorn imports this module before Django is set up

    from config.api.errors import problem_page  # noqa: PLC0415
    from config.api.request_log import RequestIdMiddleware  # noqa: PLC0415

    answer = RequestIdMiddleware(lambda request: problem_page(status, code, detail))(HttpRequest())
    content: bytes = answer.content  # type: ignore[attr-defined]  # it is no stream
    answer.headers["Connection"] = "close"
    answer.headers["Content-Length"] = str(len(content))
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in answer.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content
