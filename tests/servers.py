"""Real servers: processes of `manage.py` on a database of their own, and a client that speaks HTTP with them."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.environment import BASE_DIR
from tests.databases import new_instance

STARTS_WITHIN_S = 120


class Server:
    """A command of `manage.py` that listens at a port of its own."""

    def __init__(self, *command: str, environment: Mapping[str, str]) -> None:
        self.host, self.port, self.token = "127.0.0.1", free_port(), ""
        self.environment = {**environment, "OUTLAY_PORT": str(self.port)}
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", *command],
            cwd=BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_live(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            try:
                self.request("GET", "health/live/")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"it does not answer: {self.said()}")

    def request(self, method: str, path: str, body: Any = None, *, form: bytes = b"") -> tuple[int, Any]:
        """Return status and body of an answer of the API. `form` is a body of type multipart with boundary `X`."""
        headers = {"Content-Type": "multipart/form-data; boundary=X" if form else "application/json"}
        if self.token:
            headers["Authorization"] = f"Token {self.token}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, f"/api/v1/{path}", form or (json.dumps(body) if body else None), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            connection.close()

    def register(self) -> None:
        body = {"username": "ana", "email": "ana@example.org", "password": "blue-Tomato-99"}
        self.token = self.request("POST", "auth/register/", body)[1]["token"]

    def stop(self) -> float:
        """Stop it as Ctrl-C does. Return the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        return time.monotonic() - started

    def said(self) -> str:
        """Return what a process that has ended has written."""
        self.process.kill()
        return self.process.communicate(timeout=60)[0]

    def children(self, word: str) -> list[int]:
        """Return the processes that this one has started whose command has the word."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_bytes().decode().split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid and word in words:
                found.append(int(folder.name))
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def run_server(folder: Path, *command: str, **variables: str) -> Iterator[Server]:
    """Run a command, by default `serve`, on an empty database, until the end of the block."""
    with new_instance(folder) as environment:
        if command == ("web",):
            prepare = [sys.executable, "manage.py", "prepare"]
            subprocess.run(prepare, cwd=BASE_DIR, env=environment | variables, check=True)  # noqa: S603
        server = Server(*(command or ("serve",)), environment=environment | variables)
        try:
            server.wait_until_live()
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()
            server.process.communicate(timeout=60)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
