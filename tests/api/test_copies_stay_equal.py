"""Laws of synchronization: whatever is written, whenever it is fetched, a copy ends equal to the ledger."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.environment import BASE_DIR
from expenses.services.runs import perform_run
from tests.api.copies import Copy, ledger_of
from tests.conftest import Api, make_user
from tests.databases import new_instance
from tests.laws import law

ROW = {"amount": "5.50", "date": "2026-11-02", "direction": "out", "ai_classify": False}
NAMES = ["Tea", "Rent", "Fun"]
WRITES = [
    "create", "bulk", "edit", "move", "tag", "delete", "restore", "open", "rename", "close", "merge", "order", "price",
    "upload", "commit", "revert", "discard", "prefer", "pull", "pull",
]  # fmt: skip
#: What is written, to which of the rows that are there, and with which name.
STEPS = st.lists(st.tuples(st.sampled_from(WRITES), st.integers(0, 7), st.sampled_from(NAMES)), max_size=25)
LIMITS = st.sampled_from([1, 2, 3, 5, 500])


class Person:
    """Does what the steps say where it can be done; what cannot is refused, and that is all right."""

    def __init__(self) -> None:
        self.api = Api(make_user("ana"))

    def do(self, action: str, n: int, name: str) -> None:
        getattr(self, action)(n, name)

    def create(self, n: int, name: str) -> None:
        self.api.post("transactions/", ROW | {"description": name, "tags": [name], "external_id": f"{name} {n}"})

    def bulk(self, n: int, name: str) -> None:
        self.api.post("transactions/bulk/", {"transactions": [ROW | {"description": name}] * (n + 1)})

    def edit(self, n: int, name: str) -> None:
        self.change(n, {"notes": name})

    def move(self, n: int, name: str) -> None:
        self.change(n, {"account": name, "category": f"My {name}"})

    def tag(self, n: int, name: str) -> None:
        self.change(n, {"tags": NAMES[: n % 4]})

    def change(self, n: int, fields: dict[str, Any]) -> None:
        for row in self.pick("transactions/", n):
            self.api.patch(f"transactions/{row['id']}/", fields)

    def delete(self, n: int, name: str) -> None:
        for row in self.pick("transactions/", n):
            self.api.delete(f"transactions/{row['id']}/")

    def restore(self, n: int, name: str) -> None:
        for row in self.pick("transactions/deleted/", n):
            self.api.post(f"transactions/{row['id']}/restore/")

    def open(self, n: int, name: str) -> None:
        self.api.post("accounts/", {"name": name})
        parent = f"My {NAMES[n % 3]}" if n % 2 else None
        self.api.post("categories/", {"name": f"My {name}", "kind": "expense", "parent": parent})

    def rename(self, n: int, name: str) -> None:
        for row in self.pick("accounts/", n):
            self.api.patch(f"accounts/{row['id']}/", {"name": name})
        for row in self.pick("tags/", n):
            self.api.patch(f"tags/{row['id']}/", {"name": f"{name} {n}"})
        for row in self.pick("categories/", n, own=True):
            self.api.patch(f"categories/{row['id']}/", {"name": f"My {name}"})

    def close(self, n: int, name: str) -> None:
        for row in self.pick("accounts/", n):
            self.api.delete(f"accounts/{row['id']}/")
        for row in self.pick("tags/", n):
            self.api.delete(f"tags/{row['id']}/")
        for row in self.pick("categories/", n, own=True):
            self.api.delete(f"categories/{row['id']}/")

    def merge(self, n: int, name: str) -> None:
        for row in self.pick("categories/", n, own=True):
            self.api.delete(f"categories/{row['id']}/?replacement=My {name}")

    def order(self, n: int, name: str) -> None:
        """Write a rule, and apply all rules."""
        rule = {"name": f"{name} {n}", "actions": [{"type": "set_category", "value": f"My {name}"}]}
        names_it = {"field": "description", "op": "contains", "value": name}
        self.api.post("rules/", rule | {"conditions": [names_it], "priority": n})
        self.api.post("rules/reorder/", {"ids": [row["id"] for row in self.pick("rules/", n)]})
        self.api.post("rules/apply/", {})

    def price(self, n: int, name: str) -> None:
        rate = {"base": "EUR", "quote": "USD", "date": f"2026-11-{n + 1:02}", "rate": "1.25"}
        self.api.post("rates/", rate)
        for row in self.pick("rates/?source=manual", n):
            self.api.patch(f"rates/{row['id']}/", {"rate": "1.5"})

    def upload(self, n: int, name: str) -> None:
        file = SimpleUploadedFile(
            "one.csv", f"Date;Payee;Amount;Currency\n2026-11-0{n + 1};{name};-5.50;EUR\n".encode()
        )
        self.api.post("imports/", {"file": file, "account": name}, format="multipart")
        for row in self.pick("imports/", n):
            self.api.patch(f"imports/{row['id']}/", {"account": name, "profile": {}, "save_as": name})

    def commit(self, n: int, name: str) -> None:
        for row in self.pick("imports/", n):
            run = self.api.post(f"imports/{row['id']}/commit/").json().get("id")
            if run is not None and n % 3:
                perform_run(run_id=run)

    def revert(self, n: int, name: str) -> None:
        for row in self.pick("runs/", n):
            self.api.post(f"runs/{row['id']}/{'cancel' if n % 3 else 'resume'}/")
            self.api.post(f"runs/{row['id']}/revert/")

    def discard(self, n: int, name: str) -> None:
        for path in ("rules/", "rates/?source=manual", "imports/", "import-profiles/"):
            for row in self.pick(path, n):
                self.api.delete(f"{path.partition('?')[0]}{row['id']}/")

    def prefer(self, n: int, name: str) -> None:
        self.api.patch("users/me/", {"preferences": {"week_start": n % 7 + 1}})

    def pick(self, path: str, n: int, *, own: bool = False) -> Iterator[Any]:
        rows = [row for row in self.api.get(path).json()["results"] if not own or not row["is_system"]]
        yield from rows[n % len(rows) :][:1] if rows else []


class CopiesStayEqual(TestCase):
    """On whatever database the tests run."""

    @law(7)
    @given(steps=STEPS, limit=LIMITS)
    def test_a_copy_that_fetches_now_and_then_ends_equal(self, steps: list[Any], limit: int) -> None:
        person = Person()
        copy = Copy(person.api, limit=limit)
        for action, n, name in steps:
            if action == "pull":
                copy.pull_page()  # one page, so that what is written next falls between two
            else:
                person.do(action, n, name)
        there = ledger_of(person.api)
        assert copy.pull().tables == there
        assert Copy(person.api, limit=limit).pull().tables == there

    @law(5)
    @given(steps=STEPS)
    def test_every_body_in_a_list_has_the_tag_that_spares_it(self, steps: list[Any]) -> None:
        """A tag never outlives its body: what a client holds with it is what is there."""
        person, held = Person(), dict[Any, Any]()
        for action, n, name in steps:
            if action != "pull":
                person.do(action, n, name)
            for table, rows in ledger_of(person.api).items():
                for row in (row for row in rows.values() if "version" in row):
                    tag = table, row["id"], row["version"]
                    assert held.setdefault(tag, row) == row

    @law(5)
    @given(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5), n=st.integers(1, 3))
    def test_a_create_repeated_with_its_external_id_changes_nothing(self, names: list[str], n: int) -> None:
        api = Api(make_user("ana"))
        rows = [ROW | {"description": name, "tags": [name], "external_id": name} for name in names]
        first = [api.post("transactions/", row).json() for row in rows]
        copy = Copy(api).pull()
        for _ in range(n):
            again = [api.post("transactions/", {**row, "description": "other", "tags": ["other"]}) for row in rows]
            assert [(answer.status_code, answer.json()) for answer in again] == [(200, body) for body in first]
            assert len(api.post("transactions/bulk/", {"transactions": rows}).json()["duplicates"]) == len(rows)
        page = copy.pull_page()
        assert [page[name] for name in ("transactions", "tags", "deleted")] == [[], [], []]
        assert copy.tables == ledger_of(api)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A running server with a database of its own."""
    ask = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
    port = subprocess.check_output([sys.executable, "-c", ask], text=True).strip()  # noqa: S603
    serve = [sys.executable, str(BASE_DIR / "manage.py"), "serve"]
    with new_instance(tmp_path) as environment, (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(serve, env=environment | {"OUTLAY_PORT": port}, stdout=log, stderr=log)  # noqa: S603
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        server.wait()


@pytest.mark.timeout(300)
def test_four_writers_with_a_bad_connection_and_a_reader_end_equal(url):
    storm = [sys.executable, str(BASE_DIR / "examples" / "sync_storm.py"), url, "--writes", "200", "--seed", "7"]
    done = subprocess.run(storm, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("equal: no row twice, none lost, no edit overwritten\n")
    (written,) = (line for line in done.stdout.splitlines() if " writes by 4 writers in " in line)
    assert written.startswith("200 writes")


def as_ana(url, script, *arguments):
    """Return what a script prints that has ana's `server`; tests themselves open no connection."""
    head = f"""
import sys
sys.path.insert(0, {str(BASE_DIR)!r})
from examples.sync_client import Copy, Server, SyncClient
server = Server({url!r}, "ana", lambda: "blue-Tomato-99")
"""
    return subprocess.check_output([sys.executable, "-c", head + script, *arguments], text=True)  # noqa: S603


def run_client(url, folder, *, typed="", **variables):
    """Run the client as ana from a shell. `typed` is what she types where no terminal hides it."""
    command = [sys.executable, str(BASE_DIR / "examples" / "sync_client.py"), url, "ana"]
    environment = {name: value for name, value in os.environ.items() if name != "OUTLAY_PASSWORD"} | variables
    return subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )


@pytest.mark.timeout(300)
def test_the_client_keeps_one_token_and_fetches_only_what_is_new(url, tmp_path):
    as_ana(
        url,
        """
server.call("POST", "auth/register/", {"username": "ana", "email": "a@example.org", "password": "blue-Tomato-99"})
client = SyncClient(server, Copy(sys.argv[1]))
row = client.create({"amount": "5.50", "direction": "out", "description": "Written offline", "date": "2026-11-02"})
client.edit(row, {"category": "Dining"})
client.edit(row, {"amount": "-1"})
client.create({"amount": "20", "direction": "in", "description": "Jo", "date": "2026-11-01", "ai_classify": False})
""",
        str(tmp_path / "copy.sqlite3"),
    )
    refused = run_client(url, tmp_path, OUTLAY_PASSWORD="not-hers")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("400: ")
    prompted = run_client(url, tmp_path, typed="blue-Tomato-99\n")
    token = tmp_path / "copy.sqlite3.token"
    assert (token.stat().st_mode & 0o777, "blue-Tomato-99" in token.read_text()) == (0o600, False)
    kept, again = token.read_text(), run_client(url, tmp_path)
    said = [answer.stdout.splitlines() for answer in (prompted, again)]
    shown = [
        "Version 3, 2 transactions.",
        "2026-11-02       -5.50 EUR  Dining           Written offline",
        "2026-11-01       20.00 EUR  -                Jo",
    ]
    assert said[0][0].startswith("Not done: edit {'amount': '-1'}: amount: An amount is more than 0")
    assert (said[0][1:], said[1], again.stderr, token.read_text()) == (shown, shown, "", kept)

    named = "for row in server.call('GET', 'auth/tokens/').body['results']: print(row['name'])"
    assert as_ana(url, named).splitlines().count("sync client") == 2  # one of the client, one of this script
    as_ana(url, 'server.call("POST", "auth/logoutall/")')
    token.chmod(0o644)
    assert run_client(url, tmp_path, OUTLAY_PASSWORD="blue-Tomato-99").stdout.splitlines() == shown
    assert (token.stat().st_mode & 0o777, token.read_text() == kept) == (0o600, False)


def test_the_client_asks_for_a_password_that_nobody_sees_on_the_command_line(tmp_path):
    usage = subprocess.run(  # noqa: S603
        [sys.executable, str(BASE_DIR / "examples" / "sync_client.py"), "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "OUTLAY_PASSWORD" in usage
    assert "usage: sync_client.py [-h] [--copy COPY] [--token-file TOKEN_FILE] url username" in " ".join(usage.split())
