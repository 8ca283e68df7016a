"""Keeps the web server and the task workers running side by side in one terminal: `python supervisor.py PLAN`.

PLAN is JSON with the `children`, a list of names and commands, and whether they `share_metrics`. This module uses the
standard library alone, and little of it, since its process stays in memory for as long as the others run.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from types import FrameType

#: A crash after so long is the first one again.
SETTLED_S = 60
LONGEST_PAUSE_S = 30
STOP_WITHIN_S = 15
TICK_S = 0.2


def end_with_parent(*_: object) -> None:
    """Have Linux stop this process when its parent is killed, so that it does not keep its port."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


class Child:
    """A process that is started again when it ends."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, command
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = self.starts_at = 0.0
        self.n_crashes = 0

    def start(self) -> None:
        """Start it in its own session, so that Ctrl-C reaches only the supervisor, which then stops it gently."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here
        )
        self.started_at = time.monotonic()

    def ended_with(self) -> int | None:
        """Return the exit code of a process that has ended, else None."""
        return self.process.poll() if self.process is not None else None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def plan_restart(self) -> float:
        """Note a crash, and return the seconds until the next start. They double with each crash in a row."""
        now = time.monotonic()
        self.n_crashes = 0 if now - self.started_at > SETTLED_S else self.n_crashes + 1
        pause = min(2.0 ** max(self.n_crashes - 1, 0), LONGEST_PAUSE_S)
        self.process, self.starts_at = None, now + pause
        return pause

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.is_running():
            self.process.send_signal(number)


class Supervisor:
    """Starts children, restarts those that end, and stops all of them on Ctrl-C, SIGTERM or a closed terminal."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.is_stopping = False

    def run(self) -> None:
        """Block until a signal arrives and every child has ended."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            while not self.is_stopping:
                for child in self.children:
                    if child.process is None and time.monotonic() >= child.starts_at:
                        child.start()
                    code = child.ended_with()
                    if code is not None:
                        pause = child.plan_restart()
                        _say(f"The {child.name} ended with code {code}; starting it again in {pause:.0f} s.")
                time.sleep(TICK_S)
        finally:
            self._stop_all()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _stop_all(self) -> None:
        _say("Stopping.")
        for child in self.children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < deadline and any(child.is_running() for child in self.children):
            time.sleep(TICK_S)
        for child in self.children:
            child.send(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(plan: str) -> None:
    """Run the children of a plan until a signal arrives. Several web processes add up their metrics in a folder."""
    read = json.loads(plan)
    supervisor = Supervisor([Child(name, command) for name, command in read["children"]])
    if not read["share_metrics"]:
        supervisor.run()
        return
    with TemporaryDirectory(prefix="outlay-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            supervisor.run()
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]


if __name__ == "__main__":
    main(sys.argv[1])
