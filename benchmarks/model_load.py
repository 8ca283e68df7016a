"""Calls that a statement needs, and the speed of a write while the model hangs: two tables of `benchmarks.model`."""

import multiprocessing
import statistics
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.api_client import NO_LIMITS, ApiClient, register, run_tasks
from benchmarks.importing import ROWS, statement
from benchmarks.instance import fresh_instance
from benchmarks.model_overhead import MODEL, InstantServer

#: A write takes at most so many times as long while the model hangs.
BOUND = 1.1
ROUNDS, POSTS = 61, 10
SILENCE_S = 3600
WAYS = {"absent": "off", "hanging": ""}


class SilentServer(InstantServer):
    """Takes every question and answers none."""

    def do_POST(self) -> None:  # noqa: N802 (named by the base class)
        if self.path == "/api/chat":
            time.sleep(SILENCE_S)
        super().do_POST()


@contextmanager
def served(handler: type[InstantServer]) -> Iterator[str]:
    """Serve an Ollama of our own in a thread, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def print_calls(options: Namespace) -> None:
    """Print the calls per 1,000 rows of a statement: new, again in another account, and by another person."""
    file, _ = statement()
    with (
        served(InstantServer) as host,
        fresh_instance(OLLAMA_HOST=host, OUTLAY_OLLAMA_MODEL=MODEL, **NO_LIMITS),
    ):
        from expenses.models import Transaction

        ana = register("ana")
        tries = [
            ("new", ana, "Giro"),
            ("again, in another account", ana, "Card"),
            ("by another person", register("ben"), "Giro"),
        ]
        print(f"\nCalls for a statement of {ROWS:,} rows that has 3,000 distinct texts")
        print(f"{'':28}{'rows':>8}{'calls':>8}{'per 1,000':>11}{'seconds':>9}")
        before_rows = before_calls = 0
        for name, person, account in tries:
            started = time.perf_counter()
            record(person, file, account=account)
            n_rows, n_calls = Transaction.objects.count(), _count_calls()
            added, calls = n_rows - before_rows, n_calls - before_calls
            before_rows, before_calls = n_rows, n_calls
            took_s = time.perf_counter() - started
            print(f"{name:28}{added:>8}{calls:>8}{1000 * calls / added:>11.1f}{took_s:>9.0f}", flush=True)
        waiting = Transaction.objects.awaiting_model().count()
        print(f"{waiting} rows still wait")


def record(person: ApiClient, file: bytes, *, account: str) -> None:
    """Import a statement, and run all tasks that this leaves."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    person.post("accounts/", {"name": account, "currency": "EUR"})
    upload = {"file": SimpleUploadedFile("statement.csv", file), "account": account, "commit": "true"}
    person.post("imports/", upload, form=True)
    run_tasks()


def _count_calls() -> int:
    from expenses.models import ModelCall

    return int(ModelCall.objects.count())


def print_posting(options: Namespace) -> None:
    """Print the time of `POST expenses/` without a model and while one hangs, in turns. Exit if a bound is broken."""
    context = multiprocessing.get_context("spawn")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    with served(SilentServer) as host:
        pipes = {}
        for name, address in WAYS.items():
            ours, theirs = context.Pipe()
            context.Process(target=post_on_demand, args=(theirs, address or host), daemon=True).start()
            ours.recv()
            pipes[name] = ours
        for number in range(ROUNDS):
            for name in list(WAYS)[:: 1 if number % 2 else -1]:
                pipes[name].send(POSTS)
                taken[name].append(pipes[name].recv())
        for pipe in pipes.values():
            pipe.send(0)
    absent, hanging = ([statistics.median(values) for values in zip(*taken[name], strict=True)] for name in WAYS)
    print("\nPOST expenses/ of a text that no other link knows, milliseconds")
    print(f"{'':10}{'no model':>10}{'hanging':>10}{'times':>8}")
    ratios = [there / here for here, there in zip(absent, hanging, strict=True)]
    for what, here, there, ratio in zip(("wall", "CPU"), absent, hanging, ratios, strict=True):
        print(f"{what:10}{here:>10.2f}{there:>10.2f}{ratio:>8.2f}")
    print(f"bound {BOUND} times: {'kept' if max(ratios) <= BOUND else 'BROKEN'}")


def post_on_demand(orders: Connection, host: str) -> None:
    """Post as many expenses as each order says, beside a worker, and answer with the milliseconds of one: wall, CPU."""
    with fresh_instance(OLLAMA_HOST=host, OUTLAY_OLLAMA_MODEL=MODEL, **NO_LIMITS):
        person = register("ana")
        worker = subprocess.Popen([sys.executable, "manage.py", "work"], stdout=subprocess.DEVNULL)
        texts = _unknown_texts()
        for _ in range(50):
            _post(person, next(texts))
        time.sleep(5)  # for the worker, until it asks and hangs
        orders.send("ready")
        while n := orders.recv():
            started, cpu_started = time.perf_counter(), time.process_time()
            for _ in range(n):
                _post(person, next(texts))
            orders.send(((time.perf_counter() - started) * 1000 / n, (time.process_time() - cpu_started) * 1000 / n))
        worker.kill()
        worker.wait()


def _unknown_texts() -> Iterator[str]:
    """Yield texts of consonants, each another one after normalization."""
    number = 0
    while True:
        word = "".join("bcdfghjklm"[int(digit)] for digit in f"{number:05}")
        yield f"Qz{word} Wv{word}"
        number += 1


def _post(person: ApiClient, text: str) -> Any:
    return person.post("expenses/", {"amount": "12.34", "currency": "EUR", "date": "2026-11-02", "description": text})
