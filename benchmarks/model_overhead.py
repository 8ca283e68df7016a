"""Measure what a call of the model costs beyond a bare call of Ollama's client library.

    python -m benchmarks.model_overhead

A server in a process of its own answers each chat at once with log probabilities, as Ollama does. `bare` is
`ollama.Client.chat` of one client that stays connected. `client` is Outlay's client, made anew for each batch: it
resolves and checks the address, watches the deadline, counts bytes, and keeps the record of each call in SQLite. `link`
also builds the prompt and keeps the answer in the cache. All ask batches of ten, one call after the other, and take
turns. Bound: 5 ms more than the bare call.
"""

import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.instance import fresh_instance

BOUND_MS = 5.0
BATCH, ROUNDS = 10, 101
MODEL = "tiny:1b"
LIKELY = [
    {"token": letter, "logprob": -0.5 * (place + 1), "bytes": [65 + place]} for place, letter in enumerate("ABCDE")
]
CHAT = {
    "model": MODEL,
    "created_at": "2026-01-01T00:00:00Z",
    "message": {"role": "assistant", "content": "A"},
    "done": True,
    "done_reason": "length",
    "total_duration": 1,
    "prompt_eval_count": 400,
    "eval_count": 1,
    "logprobs": [LIKELY[0] | {"top_logprobs": LIKELY * 4}],
}
ANSWERS: dict[str, Any] = {
    "/api/chat": CHAT,
    "/api/ps": {"models": [{"model": MODEL, "digest": "d1"}]},
    "/api/show": {"model_info": {"tiny.context_length": 4096}},
}


class InstantServer(BaseHTTPRequestHandler):
    """Answers at once and keeps the connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        body = json.dumps(ANSWERS[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


def serve(address: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), InstantServer)
    address.send(server.server_address[1])
    server.serve_forever()


def ways_to_ask(host: str) -> dict[str, Callable[[], object]]:
    """Return functions that ask about a batch of ten, by name."""
    import itertools

    import ollama

    from accounts.services.users import register_user
    from expenses.ledger.default_categories import DEFAULT_CATEGORIES
    from expenses.models.ledgers import ledger_id_of
    from providers.interface import OfferedCategory, Question
    from providers.ollama import OllamaProvider
    from providers.ollama.calls import Purpose

    owner = ledger_id_of(register_user(username="ana", email="ana@example.org", password="not-a-secret-1").user)
    link = OllamaProvider(model=MODEL, host=host, log="expenses.services.model_calls.ModelCallLog")
    messages = ({"role": "system", "content": "Sort bank transactions. " * 60}, {"role": "user", "content": "tram"})
    offered = tuple(
        OfferedCategory(number, category.name, category.kind, category.key, category.description)
        for number, category in enumerate(DEFAULT_CATEGORIES[:18], start=1)
    )
    numbers = itertools.count()
    request = {"options": link.options, "keep_alive": "10m"}

    kept = ollama.Client(host=host, timeout=30)  # to make one takes 20 ms, which a fair comparison leaves out

    def bare() -> None:
        for _ in range(BATCH):
            kept.chat(MODEL, messages=messages, think=False, logprobs=True, top_logprobs=20, **request)

    def client() -> None:
        with link.connect(timeout_s=30, purpose=Purpose.CATEGORIZE) as connection:
            for _ in range(BATCH):
                connection.chat(messages, owner=owner, model=MODEL, digest="d1", **request)

    def whole_link() -> None:
        words = ["".join(chr(97 + int(digit)) for digit in str(next(numbers))) for _ in range(BATCH)]
        answers = link.categorize_many([Question(f"shop {word}", offered, owner) for word in words])
        if not all(getattr(answer, "category", None) for answer in answers):
            raise SystemExit(f"No answers: {answers}")

    return {"bare": bare, "client": client, "link": whole_link}


def measure(ways: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of one call by name: on the clock and of CPU, of this process alone."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for ask in ways.values():
        ask()
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            clock, cpu = time.perf_counter(), time.process_time()
            ask()
            wall_ms, cpu_ms = (time.perf_counter() - clock) * 1000, (time.process_time() - cpu) * 1000
            taken[name].append((wall_ms / BATCH, cpu_ms / BATCH))
    return {
        name: (statistics.median(wall for wall, _ in pairs), statistics.median(cpu for _, cpu in pairs))
        for name, pairs in taken.items()
    }


def main() -> bool:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        with fresh_instance():
            taken = measure(ways_to_ask(f"http://127.0.0.1:{ours.recv()}"))
    finally:
        server.terminate()
    wall, cpu = taken["bare"]
    for name, (wall_ms, cpu_ms) in taken.items():
        print(
            f"{name:7} {wall_ms:6.2f} ms a call, {cpu_ms:6.2f} ms CPU: "
            f"{wall_ms - wall:+.2f} ms, {cpu_ms - cpu:+.2f} ms CPU, {wall_ms / wall:.2f} x"
        )
    slowest = max(wall_ms - wall for wall_ms, _ in taken.values())
    print(f"At most {slowest:.2f} ms more than the bare call, bound {BOUND_MS} ms")
    return slowest > BOUND_MS


if __name__ == "__main__":
    sys.exit(main())
