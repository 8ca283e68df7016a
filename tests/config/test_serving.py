"""An instance prepares its database once, and runs as many processes as the settings say."""

import os
import subprocess
import sys
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import CommandError
from django.db import connection

from config.environment import BASE_DIR
from config.processes import probe, serving, supervisor
from tests.databases import new_instance
from tests.servers import Server, free_port, kill, run_server


@pytest.fixture
def environment(tmp_path):
    """Return the environment of an instance with an empty database."""
    with new_instance(tmp_path) as variables:
        yield variables


def test_processes_that_start_together_prepare_one_database(environment):
    command = [sys.executable, "manage.py", "prepare"]
    started = [
        subprocess.Popen(  # noqa: S603
            command, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(3)
    ]
    said = [(process.communicate(timeout=100)[0], process.returncode) for process in started]
    assert said == [("", 0)] * 3
    check = [sys.executable, "manage.py", "migrate", "--check"]
    assert subprocess.run(check, cwd=BASE_DIR, env=environment, check=False).returncode == 0  # noqa: S603


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.timeout(300)
def test_a_second_instance_leaves_a_data_folder_alone(tmp_path):
    with run_server(tmp_path, DATABASE_URL="") as server:
        environment = {**server.environment, "OUTLAY_PORT": str(free_port())}
        command = [sys.executable, "manage.py", "serve"]
        second = subprocess.run(  # noqa: S603
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=100, check=False
        )
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == (
            f"CommandError: Outlay is running already with the data folder {tmp_path}. Stop it first, or give this one "
            "a folder of its own: OUTLAY_DATA_DIR=/another/folder\n"
        )
        assert server.request("GET", "health/live/") == (200, {"status": "ok"})
        kill(server.process.pid)
        server.process.wait()
        third = Server("serve", environment=environment)
        third.wait_until_live()  # no lock outlives its holder
        third.stop()
        assert "Stopping." in third.said()


def test_instances_with_postgresql_may_share_a_folder(db):
    is_shared = connection.vendor == "postgresql"
    refusal = nullcontext() if is_shared else pytest.raises(CommandError, match="running already with the data folder")
    with serving.own_folder(), refusal, serving.own_folder():
        pass
    with serving.own_folder():
        pass


def test_as_many_processes_run_as_the_settings_say(settings):
    settings.WEB_WORKERS, settings.TASK_WORKERS = 3, 2
    command = list(serving.web_server().command)
    assert command[command.index("--workers") + 1] == "3"
    assert "--preload" in command
    assert [child.name for child in serving.workers()] == ["worker 1", "worker 2"]


def test_one_worker_needs_no_number(settings):
    settings.TASK_WORKERS = 1
    assert [child.name for child in serving.workers()] == ["worker"]


@pytest.mark.parametrize(("n", "is_shared"), [(1, False), (2, True)])
def test_several_web_processes_add_up_their_metrics(settings, monkeypatch, n, is_shared):
    seen: list[str | None] = []
    settings.WEB_WORKERS = n

    def look(watching) -> None:
        seen.append(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
        assert [child.name for child in watching.children] == ["web server"]

    def execute(program, arguments) -> None:
        supervisor.main(arguments[-1])
        raise SystemExit

    monkeypatch.setattr(supervisor.Supervisor, "run", look)
    monkeypatch.setattr(os, "execv", execute)
    with pytest.raises(SystemExit):
        serving.supervise(serving.web_server())
    [folder] = seen
    assert (folder is not None) == is_shared
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert folder is None or not Path(folder).exists()


@pytest.fixture
def server():
    """Answers each request with the status that its test wants."""

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_GET(self) -> None:
            self.send_response(self.status if self.path == "/api/v1/health/live/" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("status", "code"), [(200, 0), (301, 0), (400, 0), (500, 1), (503, 1)])
def test_the_probe_tells_whether_the_server_answers(server, monkeypatch, status, code):
    monkeypatch.setattr(server.RequestHandlerClass, "status", status)
    monkeypatch.setenv("OUTLAY_HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("OUTLAY_PORT", str(server.server_port))
    assert probe.main() == code


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_probe_of_a_port_where_nobody_listens_fails(server):
    port = server.server_port
    server.server_close()
    assert not probe.is_live(host="127.0.0.1", port=port)
