"""The web server as a client meets it: connections that are kept, and requests that never reach Django."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus

import pytest

from tests.servers import Server, run_server

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.timeout(300)]

LIVE = "/api/v1/health/live/"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with run_server(tmp_path_factory.mktemp("web"), "web") as running:
        yield running


class Connection:
    """One raw connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.create_connection((server.host, server.port), timeout=20)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, head: str) -> None:
        self.socket.sendall(head.encode("latin-1"))

    def get(self, path: str, *headers: str) -> tuple[int, dict[str, str], bytes]:
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.server.host}:{self.server.port}", *headers, "", ""]
        self.send("\r\n".join(lines))
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the next answer."""
        received = b""
        while b"\r\n\r\n" not in received:
            part = self.socket.recv(65536)
            assert part, f"the connection was closed after {received!r}"
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(body) < int(headers["content-length"]):
            body += self.socket.recv(65536)
        return int(status.split()[1]), headers, body


def assert_refused(answer: tuple[int, dict[str, str], bytes], status: int, code: str, detail: str) -> None:
    found, headers, body = answer
    assert (found, headers["content-type"], headers["connection"]) == (status, "application/problem+json", "close")
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])
    assert json.loads(body) == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [{"attr": None, "code": code, "detail": detail}],
        "request_id": headers["x-request-id"],
    }


def test_a_client_that_polls_keeps_its_connection(server):
    with Connection(server) as connection:
        assert connection.get(LIVE)[0] == 200
        time.sleep(2.5)  # gunicorn's own limit is 2 s
        assert connection.get(LIVE)[0] == 200


def test_idle_connections_hold_no_thread(server):
    with ExitStack() as stack:
        for _ in range(10):  # there are four threads
            assert stack.enter_context(Connection(server)).get(LIVE)[0] == 200
        started = time.monotonic()
        assert stack.enter_context(Connection(server)).get(LIVE)[0] == 200
        assert time.monotonic() - started < 3


def test_a_request_line_may_have_eight_thousand_bytes(server):
    line = len("GET / HTTP/1.1")
    with Connection(server) as connection:
        assert connection.get(f"/{'a' * (8190 - line)}")[0] == 404


def test_a_longer_request_line_is_refused_with_a_problem(server):
    detail = "The address is too long. A request line has at most 8,190 bytes: send fewer parameters."
    with Connection(server) as connection:
        answer = connection.get(f"{LIVE}?x={'a' * 20_000}")
    assert_refused(answer, 414, "address_too_long", detail)


@pytest.mark.parametrize("headers", [["X-Long: " + "a" * 9_000], [f"X-{i}: a" for i in range(101)]])
def test_too_large_headers_are_refused_with_a_problem(server, headers):
    detail = "The headers are too large. Send at most 100, with at most 8,190 bytes each."
    with Connection(server) as connection:
        answer = connection.get(LIVE, *headers)
    assert_refused(answer, 431, "headers_too_large", detail)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("nonsense\r\n\r\n", "Invalid HTTP request line: 'nonsense'"),
        (f"GET {LIVE} HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n", "Invalid HTTP header name: 'A b'"),
        (f"GET {LIVE} HTTP/7.7\r\nHost: a\r\n\r\n", "Invalid HTTP Version: (7, 7)"),
    ],
)
def test_what_is_no_http_is_refused_with_a_problem(server, head, words):
    detail = f"The request does not follow HTTP, so it was not read. {words}."
    with Connection(server) as connection:
        connection.send(head)
        assert_refused(connection.answer(), 400, "malformed", detail)


@pytest.mark.parametrize(
    ("header", "status", "code", "detail"),
    [
        (
            "Transfer-Encoding: nonsense",
            501,
            "transfer_coding",
            "Send the body as it is, or with “chunked” alone.",
        ),
        (
            "Expect: the unexpected",
            417,
            "expectation_failed",
            "Send no header Expect, or “Expect: 100-continue”.",
        ),
    ],
)
def test_what_the_server_cannot_do_is_refused_with_a_problem(server, header, status, code, detail):
    with Connection(server) as connection:
        assert_refused(connection.get(LIVE, header), status, code, detail)


def test_idle_connections_do_not_keep_the_server_from_stopping(tmp_path):
    with run_server(tmp_path, "web") as server, Connection(server) as idle:
        assert idle.get(LIVE)[0] == 200
        assert server.stop() < 10
