"""Web server and worker are kept alive side by side, and stop together."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from config.environment import BASE_DIR
from config.processes.supervisor import LONGEST_PAUSE_S, SETTLED_S, Child

#: A child that says that it is there, then waits to be told to stop.
STEADY = r"""
import os, pathlib, signal, sys, time
name = sys.argv[1]
def stop(*_):
    pathlib.Path(name + ".stopped").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(name + ".pid").write_text(str(os.getpid()))
os.write(1, f"up {name}\n".encode())  # in one piece, so that lines of two children do not mix
while True:
    time.sleep(60)
"""
#: One that crashes at its first start and is steady at its second.
CRASHING_ONCE = (
    """
import pathlib, sys
seen = pathlib.Path(sys.argv[1] + ".seen")
if not seen.exists():
    seen.touch()
    sys.exit(3)
"""
    + STEADY
)
DEAF = STEADY.replace("signal.signal(signal.SIGTERM, stop)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
RUN = r"""
import sys
from config.processes import supervisor
from config.processes.supervisor import Child, Supervisor
supervisor.STOP_WITHIN_S = 0.5
supervisor.TICK_S = 0.02
children = [Child(name, [sys.executable, "-c", code, name]) for name, code in CHILDREN]
Supervisor(children).run()
print("ended", flush=True)
"""


class Running:
    """A supervisor in a process of its own, with children made of these programs."""

    def __init__(self, folder: Path, **children: str) -> None:
        program = f"CHILDREN = {list(children.items())!r}\n" + textwrap.dedent(RUN)
        environment = os.environ | {"PYTHONPATH": str(BASE_DIR)}
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", program],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.folder, self.names = folder, list(children)
        self.said: list[str] = []

    def wait_for(self, *lines: str) -> None:
        """Read what it says until each of these lines was said."""
        assert self.process.stdout is not None
        while not set(lines) <= set(self.said):
            line = self.process.stdout.readline()
            assert line, f"it ended after saying {self.said}"
            self.said.append(line.rstrip("\n"))

    def send(self, number: signal.Signals) -> int:
        """Send it a signal, and give its exit code."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        self.said += rest.splitlines()
        return self.process.returncode

    def alive(self) -> list[str]:
        return [name for name in self.names if is_running(int((self.folder / f"{name}.pid").read_text()))]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def supervise(tmp_path):
    """Start a supervisor; whatever is left of it ends with the test."""
    started: list[Running] = []

    def start(**children: str) -> Running:
        started.append(Running(tmp_path, **children))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        for path in tmp_path.glob("*.pid"):  # before the pipe is read to its end, which they hold open
            if is_running(int(path.read_text())):
                os.kill(int(path.read_text()), signal.SIGKILL)
        running.process.communicate(timeout=30)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_both_children_are_stopped_gently_by_a_signal(supervise, tmp_path, sent):
    running = supervise(web=STEADY, worker=STEADY)
    running.wait_for("up web", "up worker")
    assert running.alive() == ["web", "worker"]
    assert running.send(sent) == 0
    assert running.said[2:] == ["Stopping.", "ended"]
    assert sorted(path.name for path in tmp_path.glob("*.stopped")) == ["web.stopped", "worker.stopped"]
    assert running.alive() == []


def test_a_crashed_child_is_started_again_and_that_is_said(supervise):
    running = supervise(web=STEADY, worker=CRASHING_ONCE)
    running.wait_for("up web", "The worker ended with code 3; starting it again in 1 s.", "up worker")
    assert running.alive() == ["web", "worker"]
    running.send(signal.SIGINT)
    assert running.said.count("up web") == 1


def test_a_child_that_was_killed_is_started_again(supervise, tmp_path):
    running = supervise(web=STEADY)
    running.wait_for("up web")
    first = int((tmp_path / "web.pid").read_text())
    os.kill(first, signal.SIGKILL)
    running.said.clear()
    running.wait_for("The web ended with code -9; starting it again in 1 s.", "up web")
    assert int((tmp_path / "web.pid").read_text()) != first
    running.send(signal.SIGINT)


def test_a_child_that_ignores_sigterm_is_killed(supervise):
    running = supervise(web=DEAF, worker=STEADY)
    running.wait_for("up web", "up worker")
    assert running.send(signal.SIGTERM) == 0
    assert running.alive() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_end_with_a_supervisor_that_was_killed(supervise, tmp_path):
    running = supervise(web=STEADY, worker=STEADY)
    running.wait_for("up web", "up worker")
    running.send(signal.SIGKILL)  # gives back once both children have closed the pipe
    assert sorted(path.name for path in tmp_path.glob("*.stopped")) == ["web.stopped", "worker.stopped"]


def test_ctrl_c_reaches_the_children_through_the_supervisor_alone(supervise, tmp_path):
    """They live in sessions of their own: a terminal's signal to the whole group does not hit them twice."""
    running = supervise(web=STEADY)
    running.wait_for("up web")
    child = int((tmp_path / "web.pid").read_text())
    assert os.getsid(child) == child != os.getsid(running.process.pid)
    running.send(signal.SIGINT)


def test_a_missing_program_is_named(tmp_path, supervise):
    running = supervise(web=STEADY)
    running.wait_for("up web")
    running.send(signal.SIGINT)
    program = (
        "from config.processes.supervisor import Child, Supervisor\nSupervisor([Child('web', ['/no/such'])]).run()"
    )
    command: Any = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert run.returncode == 1
    assert "No such file or directory: '/no/such'" in run.stderr.splitlines()[-1]


def test_pauses_double_with_each_crash_up_to_a_limit():
    child = Child("worker", [sys.executable, "-c", ""])
    child.start()
    assert child.process is not None
    child.process.wait()
    assert child.ended_with() == 0
    pauses = [child.plan_restart() for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_a_settled_child_restarts_after_the_shortest_pause():
    child = Child("worker", [sys.executable])
    child.started_at, child.n_crashes = time.monotonic() - SETTLED_S - 1, 5
    assert child.plan_restart() == 1
    assert child.n_crashes <= 1
