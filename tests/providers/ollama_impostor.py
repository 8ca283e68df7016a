"""A stand-in for servers that cannot be recorded: too old, too slow, or not Ollama at all."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

SILENCE = object()
HANG_UP = object()
#: An answer that never ends: one byte after another, each in good time.
DRIP = object()
#: The first half of an answer.
HALF = object()
_DRIP_EVERY_S = 0.05
_LONGEST_SILENCE_S = 30
_LOADED = {"models": [{"model": "tiny:1b", "name": "tiny:1b", "digest": "d1", "size": 1, "size_vram": 0}]}


class Impostor(ThreadingHTTPServer):
    """Answers each path with what `answers` holds for it: (status, text or bytes), SILENCE, DRIP, HALF, or HANG_UP.

    At first it passes for an Ollama that has the model tiny:1b in memory, but has no answer to a chat.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.released = threading.Event()
        self.asked: list[tuple[str, Any]] = []
        self.hosts: list[str] = []
        self.answers: dict[str, Any] = {}
        self.answer("/api/ps", _LOADED)
        self.answer("/api/tags", _LOADED)
        self.answer("/api/show", {"model_info": {"tiny.context_length": 2048}})
        self.answers["/api/chat"] = SILENCE
        self.redirects_to = "http://127.0.0.1:9/elsewhere"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, *values: Any, status: int = 200) -> None:
        """Answer `path` with JSON; several values are one answer a line, as a stream is."""
        self.answers[path] = (status, "\n".join(json.dumps(value) for value in values))

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet when a client has hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: Impostor

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        self.server.asked.append((self.path, body))
        self.server.hosts.append(self.headers["Host"])
        answer = self.server.answers.get(self.path, (404, "{}"))
        if callable(answer):
            answer = answer(body)
        if answer is SILENCE:
            self.server.released.wait(_LONGEST_SILENCE_S)
            return
        if answer is HANG_UP:
            return
        status, text = (200, "") if answer in {DRIP, HALF} else answer
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", self.server.redirects_to)
        if answer is HALF:
            text = '{"message": {"role": "assis'
            self.send_header("Content-Length", str(2 * len(text)))
        self.end_headers()
        self.wfile.write(text if isinstance(text, bytes) else text.encode())
        while answer is DRIP and not self.server.released.wait(_DRIP_EVERY_S):
            self.wfile.write(b" ")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (named by the base class)
        """Keep the test run quiet."""
