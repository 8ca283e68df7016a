"""`kill -9` in the middle of a write: only whole rows are left, and what was begun can be finished or taken back.

Each instance is real: forked processes, on a database file, or on a database beside that of DATABASE_URL.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.environment import BASE_DIR
from expenses.services.backtests import CHUNK as STEP
from tests.databases import new_database
from tests.kills.victim_size import CHUNK, N_ROWS, N_SENT

pytestmark = pytest.mark.timeout(300)


class Instance:
    """An instance whose processes do commands of the victim, one after another."""

    def __init__(self, victim: "subprocess.Popen[str]", *, folder: Path, address: str) -> None:
        self.victim, self.folder, self.address = victim, folder, address

    def do(self, *commands: str) -> list[Any]:
        """Run the commands, and return what they found out."""
        code, output = self._run(*commands)
        assert code == 0, output
        found: list[Any] = json.loads(output.splitlines()[-1])
        return found

    def die_of(self, command: str) -> None:
        code, output = self._run(command)
        assert code == -signal.SIGKILL, output

    def _run(self, *commands: str) -> tuple[int, str]:
        path = urlsplit(self.address).path
        database = path.removeprefix("/") if self.address.startswith("postgres") else path.replace("//", "/")
        order = {"commands": commands, "database": database, "folder": str(self.folder)}
        assert self.victim.stdin is not None
        assert self.victim.stdout is not None
        self.victim.stdin.write(json.dumps(order) + "\n")
        self.victim.stdin.flush()
        answer = json.loads(self.victim.stdout.readline())
        return answer["code"], answer["output"]


@pytest.fixture(scope="session")
def victim(tmp_path_factory) -> Iterator["subprocess.Popen[str]"]:
    """A process that has loaded Django, and forks one for each of an instance's."""
    fixed = {"DJANGO_SETTINGS_MODULE": "tests.settings", "OLLAMA_HOST": "off", "OUTLAY_ALLOWED_HOSTS": "testserver"}
    fixed["OUTLAY_DATA_DIR"] = str(tmp_path_factory.mktemp("victim"))
    command = [sys.executable, "-m", "tests.kills.victim"]
    with subprocess.Popen(  # noqa: S603
        command, cwd=BASE_DIR, env=os.environ | fixed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def original(tmp_path_factory, victim) -> Iterator[Instance]:
    """With many rows of one person. It is copied: to fill one for each test would take most of their time."""
    folder = tmp_path_factory.mktemp("original")
    with new_database(folder) as address:
        instance = Instance(victim, folder=folder, address=address)
        instance.do("fill")
        yield instance


@pytest.fixture
def instance(original, victim, tmp_path) -> Iterator[Instance]:
    """An instance that a test may kill."""
    shutil.copytree(original.folder, tmp_path, dirs_exist_ok=True)
    with new_database(tmp_path, like=original.address) as address:
        yield Instance(victim, folder=tmp_path, address=address)


@pytest.fixture(scope="session")
def before(original) -> dict[str, Any]:
    """The whole ledger, as every test finds it."""
    found: dict[str, Any] = original.do("dump")[0]
    return found


def only_interrupted(found: dict[str, Any], *, done: int) -> dict[str, Any]:
    """The run waits when somebody looks, with what its worker did; gives what else is there."""
    assert (found.pop("status"), found.pop("done")) == ("running", done)
    run = found.pop("seen")
    assert (run["status"], run["progress"]["done"], run["error"]) == ("pending", done, None)
    assert run["note"].startswith("Its worker was stopped. What it did stays, and the run goes on by itself. No worker")
    return {name: n for name, n in found.items() if n}


def test_a_bulk_edit(instance, before):
    instance.die_of("edit")
    found, finished, reverted, after = instance.do("look", "go_on", "revert", "dump")
    assert only_interrupted(found, done=CHUNK) == {"n_changes": CHUNK, "n_edited": CHUNK}
    assert (finished["seen"]["status"], finished["n_changes"]) == ("succeeded", N_ROWS)
    assert finished["seen"]["counts"] == {"changed": N_ROWS, "unchanged": 0, "left_alone": 0}
    assert (reverted["seen"]["status"], reverted["seen"]["kept"]) == ("reverted", [])
    assert after == before


def test_a_bulk_edit_that_is_not_awaited_but_taken_back(instance, before):
    instance.die_of("edit")
    _, _, reverted, after = instance.do("look", "cancel", "revert", "dump")
    assert reverted["seen"]["counts"]["restored"] == CHUNK
    assert after == before


def test_a_review(instance, before):
    instance.die_of("review")
    found, finished, reverted, after = instance.do("look", "go_on", "revert", "dump")
    left = CHUNK // 3
    assert only_interrupted(found, done=CHUNK) == {"n_changes": CHUNK - left, "n_omissions": left}
    resolved, left_alone = N_ROWS - N_ROWS // 3, N_ROWS // 3
    assert (finished["seen"]["status"], finished["n_changes"]) == ("succeeded", resolved)
    assert finished["seen"]["counts"] == {"resolved": resolved, "left_alone": left_alone}
    assert (reverted["seen"]["status"], reverted["seen"]["kept"]) == ("reverted", [])
    assert after == before


def test_a_run_of_rules(instance, before):
    instance.die_of("apply_rules")
    found, finished, reverted, after = instance.do("look", "go_on", "revert", "dump")
    own = CHUNK // 3
    assert only_interrupted(found, done=CHUNK) == {"n_changes": CHUNK, "n_partly_edited": CHUNK, "n_omissions": own}
    assert (finished["seen"]["status"], finished["n_changes"]) == ("succeeded", N_ROWS)
    assert finished["seen"]["counts"] == {"matched": N_ROWS, "changed": N_ROWS, "left_alone": N_ROWS // 3}
    assert (reverted["seen"]["status"], reverted["seen"]["kept"]) == ("reverted", [])
    assert after == before


def test_a_run_of_rules_that_is_not_awaited_but_taken_back(instance, before):
    instance.die_of("apply_rules")
    _, _, reverted, after = instance.do("look", "cancel", "revert", "dump")
    assert reverted["seen"]["counts"]["restored"] == CHUNK
    assert after == before


def test_a_backtest(instance, before):
    instance.die_of("backtest")
    found, after, finished = instance.do("look", "dump", "go_on")
    assert only_interrupted(found, done=STEP) == {}
    assert after == before
    assert (finished["seen"]["status"], finished["seen"]["result"]["n"]) == ("succeeded", N_ROWS // 3)
    assert finished["n_changes"] == 0


def test_learning(instance):
    instance.die_of("learn")
    found, before, resumed, after, again = instance.do("learned", "dump", "resume_learned", "dump", "resume_learned")
    assert found == {"n_learned": [], "is_stored": False, "is_queued": True}
    n_confirmed = N_ROWS // 3 + len(range(0, N_ROWS, 3))
    assert resumed == again == {"n_learned": [n_confirmed], "is_stored": True, "is_queued": False}
    assert after == before


def test_a_bulk_delete_and_its_revert(instance, before):
    instance.die_of("delete")
    found, finished = instance.do("look", "go_on")
    whole = dict.fromkeys(("n_changes", "n_deleted", "n_tombstones"), CHUNK)
    assert only_interrupted(found, done=CHUNK) == whole
    assert finished["seen"]["counts"] == {"deleted": N_ROWS, "left_alone": 0}
    instance.die_of("revert_and_die")
    found, reverted, after = instance.do("look", "revert", "dump")
    assert (found["seen"]["status"], found["n_deleted"]) == ("succeeded", N_ROWS - CHUNK)
    assert (reverted["seen"]["status"], reverted["seen"]["kept"]) == ("reverted", [])
    assert reverted["seen"]["counts"]["restored"] == N_ROWS
    assert after == before


def test_an_import(instance, before):
    instance.die_of("import_statement")
    found, finished, reverted, after = instance.do("look", "go_on", "revert", "dump")
    assert only_interrupted(found, done=CHUNK) == {"n_created": CHUNK}
    counts = finished["seen"]["counts"]
    assert (finished["seen"]["status"], counts["created"], counts["duplicates"]) == ("succeeded", N_ROWS, 0)
    assert (reverted["seen"]["counts"]["removed"], reverted["seen"]["kept"]) == (N_ROWS, [])
    assert after | {"tombstones": []} == before


def test_a_restore(instance, before):
    instance.die_of("restore_and_die")
    found, finished, after = instance.do("restored", "go_on_restoring", "dump")
    assert (found["status"], found["n_rows"]) == ("pending", 0)
    assert (finished["status"], finished["differing"]) == ("succeeded", [])
    assert len(after["transactions"]) == 2 * len(before["transactions"])


def test_a_restore_whose_worker_dies_when_all_rows_are_there(instance, before):
    instance.die_of("restore_and_die_at_its_end")
    found, finished, after = instance.do("restored", "go_on_restoring", "dump")
    assert (found["status"], finished["status"], finished["differing"]) == ("succeeded", "succeeded", [])
    assert len(after["transactions"]) == 2 * len(before["transactions"])


def test_a_request_that_records_many(instance, before):
    instance.die_of("write_many")
    after, repeated, again = instance.do("dump", "repeat_write", "repeat_write")
    assert after == before
    assert repeated == {"created": N_SENT, "updated": 0, "duplicates": 0, "errors": 0}
    assert again == {"created": 0, "updated": 0, "duplicates": N_SENT, "errors": 0}
