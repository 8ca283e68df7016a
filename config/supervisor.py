"""Keeps the web server and the task worker running side by side in one terminal."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

#: A child that lived this long had started well: its next crash is its first.
SETTLED_S = 60
LONGEST_PAUSE_S = 30
STOP_WITHIN_S = 15
TICK_S = 0.2

Say = Callable[[str], None]


PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent(*_: object) -> None:
    """Have the kernel stop a child whose parent was killed, so that it does not keep its port. Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process that is to stay alive."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    starts_at: float = 0.0
    n_crashes: int = 0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone, which then stops it gently."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here
        )
        self.started_at = time.monotonic()

    def ended_with(self) -> int | None:
        """The exit code of a process that ended by itself; None while it runs or waits to be started."""
        return self.process.poll() if self.process is not None else None

    def plan_restart(self) -> float:
        """Note the crash; the pause before the next start, in seconds, doubles with each crash in a row."""
        now = time.monotonic()
        self.n_crashes = 0 if now - self.started_at > SETTLED_S else self.n_crashes + 1
        pause = min(2.0 ** max(self.n_crashes - 1, 0), LONGEST_PAUSE_S)
        self.process, self.starts_at = None, now + pause
        return pause

    def stop(self, sent: signal.Signals) -> None:
        """Send a signal if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sent)


@dataclass
class Supervisor:
    """Starts children, restarts those that end, and stops all of them on Ctrl-C, SIGTERM or a closed terminal."""

    children: Sequence[Child]
    say: Say
    is_stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Block until a signal arrives and every child has ended."""
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, self._on_signal)
        try:
            while not self.is_stopping:
                for child in self.children:
                    self._look_after(child)
                time.sleep(TICK_S)
        finally:
            self._stop_all()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _look_after(self, child: Child) -> None:
        if child.process is None and time.monotonic() >= child.starts_at:
            child.start()
        code = child.ended_with()
        if code is not None:
            pause = child.plan_restart()
            self.say(f"The {child.name} ended with code {code}; starting it again in {pause:.0f} s.")

    def _stop_all(self) -> None:
        self.say("Stopping.")
        for child in self.children:
            child.stop(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < deadline and any(c.process and c.process.poll() is None for c in self.children):
            time.sleep(TICK_S)
        for child in self.children:
            child.stop(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
