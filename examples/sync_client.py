"""Offline copy of an Outlay ledger, as a phone would keep it. Uses the standard library only; see docs/sync.md.

    python examples/sync_client.py http://127.0.0.1:8000 ana

asks for the password, sends offline writes, fetches changes, and prints the newest transactions. Money out is negative.
Run it again: it uses the same token, and fetches only what is new. A real client would add a screen, and ask its user
before it overwrites other changes.
"""

import argparse
import getpass
import json
import os
import random
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: Variable that holds the password where nobody can type it.
PASSWORD_VARIABLE = "OUTLAY_PASSWORD"  # noqa: S105 - a name, no password
TIMEOUT_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S, TRIES = 0.1, 10.0, 12
#: Statuses to try again later; 409 only with Retry-After.
COME_AGAIN = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Answer:
    """Answer of the server."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the same request is sent again; None if that would not help."""
        if self.status in COME_AGAIN or (self.status == 409 and "retry-after" in self.headers):
            return float(self.headers.get("retry-after", 0))
        return None


class Refused(Exception):
    """A request that the server rejects for good."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {(answer.body or {}).get('detail')}")
        self.answer = answer


#: Function of method, address, body and headers that returns an answer. Raises OSError or HTTPException without one.
Transport = Callable[[str, str, bytes | None, Mapping[str, str]], Answer]


def send_once(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """Send one request once."""
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, dict(headers))
        response = connection.getresponse()
        content = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, json.loads(content) if content else None)
    finally:
        connection.close()


class TokenFile:
    """File that keeps a user's token from one run to the next. Only its owner can read it."""

    def __init__(self, path: str, *, url: str, username: str) -> None:
        self.path, self.owner = Path(path), {"url": url, "username": username}

    def read(self) -> str:
        """Return the token, or "" if the file holds none of this user."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return ""
        return str(found["token"]) if self.owner.items() <= found.items() else ""

    def write(self, token: str) -> None:
        self.path.unlink(missing_ok=True)  # a file with another mode would keep it
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self.owner | {"token": token}, file)


@dataclass
class Server:
    """Connection that sends each request until it is answered; a lost answer never causes a second write."""

    url: str
    username: str
    #: Called only when a token is missing, expired or revoked.
    ask_password: Callable[[], str]
    transport: Transport = send_once
    token_file: TokenFile | None = None
    token: str = field(default="", init=False)
    n_retries: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.token_file is not None:
            self.token = self.token_file.read()

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", etag: str = "") -> Answer:
        """Send a request. `key` is the same for every try of a write; `etag` is the version that it changes."""
        content = None if body is None else json.dumps(body).encode()
        for attempt in range(TRIES):
            headers = {"Content-Type": "application/json"}
            headers |= {"Authorization": f"Token {self.token}"} if self.token else {}
            headers |= {"Idempotency-Key": key} if key else {}
            headers |= {"If-Match": etag} if etag else {}
            try:
                answer = self.transport(method, f"{self.url}/api/v1/{path}", content, headers)
                if answer.status == 401:
                    self.sign_in()
                    continue
            except (OSError, HTTPException):  # was it done or not? the same request again will tell
                self._pause(attempt)
                continue
            if answer.retry_after is None:
                return answer
            self._pause(attempt, at_least=answer.retry_after)
        raise ConnectionError(f"{self.url} does not answer; waiting writes are sent the next time.")

    def sign_in(self) -> None:
        """Get a token. Raises Refused if name and password do not match."""
        fields = {"username": self.username, "password": self.ask_password(), "name": "sync client"}
        content = json.dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        answer = self.transport("POST", f"{self.url}/api/v1/auth/login/", content, headers)
        if answer.status != 200:
            raise Refused(answer)
        self.token = answer.body["token"]
        if self.token_file is not None:
            self.token_file.write(self.token)

    def _pause(self, attempt: int, *, at_least: float = 0) -> None:
        """Wait longer with each try, by a random time, so that clients do not return together."""
        self.n_retries += 1
        longest = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
        time.sleep(at_least + random.uniform(longest / 2, longest))


SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (type TEXT, id INTEGER, body TEXT, PRIMARY KEY (type, id));
CREATE TABLE IF NOT EXISTS state (version INTEGER);
CREATE TABLE IF NOT EXISTS queue (n INTEGER PRIMARY KEY, row TEXT, action TEXT, body TEXT, key TEXT, etag TEXT);
INSERT INTO state SELECT 0 WHERE NOT EXISTS (SELECT * FROM state);
"""
#: List in the answer of `changes/` → type in its list `deleted`.
TYPES = {
    "transactions": "transaction", "accounts": "account", "categories": "category", "tags": "tag",
    "attachments": "attachment", "transfers": "transfer", "rates": "rate", "kind_mappings": "kind_mapping",
    "hints": "hint", "rules": "rule", "proposals": "proposal", "imports": "import", "import_profiles": "import_profile",
    "anomaly_feedback": "anomaly_feedback", "recurring_choices": "recurring_choice",
}  # fmt: skip
#: There is one of each, which is null in a page that does not change it. Copies have it under the id 0.
SINGLE = ("preferences", "thresholds")
#: Action → method, and the end of the address.
ACTIONS = {"edit": ("PATCH", ""), "delete": ("DELETE", ""), "restore": ("POST", "restore/")}


class Copy:
    """Local database: the ledger as last fetched, and the user's writes since, in their order."""

    def __init__(self, path: str = ":memory:") -> None:
        if path != ":memory:":  # it holds what its owner spends
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript(SCHEMA)

    @property
    def version(self) -> int:
        return int(self.db.execute("SELECT version FROM state").fetchone()[0])

    def rows(self, kind: str) -> dict[int, Any]:
        """Return the bodies of all rows of a type, by id."""
        found = self.db.execute("SELECT id, body FROM rows WHERE type = ? ORDER BY id", [kind])
        return {row_id: json.loads(body) for row_id, body in found}

    def take(self, page: dict[str, Any]) -> None:
        """Store a page of `changes/` with its version: after a crash the next pull continues from there."""
        with self.db:
            self.db.execute("BEGIN")
            gone = [(row["type"], row["id"]) for row in page["deleted"]]
            self.db.executemany("DELETE FROM rows WHERE type = ? AND id = ?", gone)
            new = [(kind, row["id"], json.dumps(row)) for name, kind in TYPES.items() for row in page[name]]
            new += [(name, 0, json.dumps(page[name])) for name in SINGLE if page[name] is not None]
            self.db.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", new)
            self.db.execute("UPDATE state SET version = ?", [page["version"]])

    def empty(self) -> None:
        """Delete all rows, but no waiting writes: the server was restored and does not know our version."""
        self.db.executescript("BEGIN; DELETE FROM rows; UPDATE state SET version = 0; COMMIT;")

    def write(self, row: str, action: str, body: Any, *, etag: str = "") -> None:
        """Queue a write of the user, with the key for all its tries."""
        values = [row, action, json.dumps(body), str(uuid.uuid4()), etag]
        self.db.execute("INSERT INTO queue (row, action, body, key, etag) VALUES (?, ?, ?, ?, ?)", values)

    def first_write(self) -> tuple[int, str, str, Any, str, str] | None:
        """Return number, row, action, body, key and ETag of the oldest waiting write."""
        found = self.db.execute("SELECT n, row, action, body, key, etag FROM queue ORDER BY n").fetchone()
        return None if found is None else (*found[:3], json.loads(found[3]), *found[4:])

    def settle(self, number: int, row: str, found: dict[str, Any] | None) -> None:
        """Remove a finished write; later writes of the row get its real id and its new version."""
        with self.db:
            self.db.execute("BEGIN")
            self.db.execute("DELETE FROM queue WHERE n = ?", [number])
            if found is not None:
                self.db.execute("UPDATE queue SET row = ?, etag = ? WHERE row = ?", [found["id"], etag_of(found), row])


def etag_of(row: dict[str, Any]) -> str:
    """Return the ETag that the server sends with a row's body."""
    return f'"{row["id"]}-{row["version"]}"'


class SyncClient:
    """Client that queues writes at once, and synchronizes copy and server over a connection."""

    def __init__(self, server: Server, copy: Copy) -> None:
        self.server, self.copy = server, copy
        #: Writes that the server rejected, for the user to review.
        self.refused: list[tuple[str, Any, Answer]] = []

    def create(self, fields: dict[str, Any]) -> str:
        """Record a transaction, even offline. Returns its name until the server assigns an id."""
        row = str(uuid.uuid4())
        self.copy.write(row, "create", {"external_id": row, **fields})
        return row

    def edit(self, row: int | str, fields: dict[str, Any]) -> None:
        """Change fields of a transaction, by its id or by the name that `create` gave."""
        self.copy.write(str(row), "edit", fields, etag=self._known_tag(row))

    def delete(self, row: int | str) -> None:
        """Put a transaction into the bin."""
        self.copy.write(str(row), "delete", None, etag=self._known_tag(row))

    def restore(self, row: int | str) -> None:
        """Take a transaction out of the bin; that is harmless to repeat, so it needs no version."""
        self.copy.write(str(row), "restore", None)

    def sync(self) -> None:
        """Send waiting writes, then fetch changes: own writes come back with those of others."""
        self.push()
        self.pull()

    def push(self) -> None:
        """Send waiting writes, the oldest first."""
        while (write := self.copy.first_write()) is not None:
            self._send(*write)

    def pull(self) -> int:
        """Fetch the changes since the copy's version. Returns the number of pages."""
        n_pages, has_more = 0, True
        while has_more:
            answer = self.server.call("GET", f"changes/?since={self.copy.version}")
            if answer.status == 400 and self.copy.version:
                self.copy.empty()
                continue
            if answer.status >= 300:
                raise Refused(answer)
            self.copy.take(answer.body)
            n_pages, has_more = n_pages + 1, answer.body["has_more"]
        return n_pages

    def _send(self, number: int, row: str, action: str, body: Any, key: str, etag: str) -> None:
        if action == "create":
            answer = self.server.call("POST", "transactions/", body, key=key)
        else:
            answer = self._change(row, action, body, key, etag)
        if answer.status >= 400 and not (action == "delete" and answer.status == 404):
            self.refused.append((action, body, answer))
        self.copy.settle(number, row, answer.body if answer.status < 300 else None)

    def _change(self, row: str, action: str, body: Any, key: str, etag: str) -> Answer:
        """Send only the fields that the user changed, so that changes of others stay."""
        method, tail = ACTIONS[action]
        while True:
            answer = self.server.call(method, f"transactions/{row}/{tail}", body, key=key, etag=etag)
            if answer.status != 412:
                return answer
            current = self.server.call("GET", f"transactions/{row}/")  # changed meanwhile: read it again
            if current.status != 200:
                return current
            etag = etag_of(current.body)

    def _known_tag(self, row: int | str) -> str:
        """Return the ETag of the version that the user saw; "" for a row that is not on the server yet."""
        found = self.copy.db.execute("SELECT body FROM rows WHERE type = 'transaction' AND id = ?", [row]).fetchone()
        return etag_of(json.loads(found[0])) if found else ""


def read_password() -> str:
    """Return the password from the environment, or ask for it without showing it."""
    return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass()


def main() -> None:
    """Synchronize a copy, and print its newest transactions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="address of the server, such as http://127.0.0.1:8000")
    parser.add_argument("username", help=f"your login name; the password is in {PASSWORD_VARIABLE}, or is asked for")
    parser.add_argument("--copy", default="copy.sqlite3", help="file of the copy (default: %(default)s)")
    parser.add_argument("--token-file", help="file of the token (default: the name of the copy, and .token)")
    options = parser.parse_args()
    url = options.url.rstrip("/").removesuffix("/api/v1")
    if urlsplit(url).scheme not in {"http", "https"}:
        parser.error(f"the address begins with http:// or https://, such as http://{url}")
    token_file = TokenFile(options.token_file or f"{options.copy}.token", url=url, username=options.username)
    client = SyncClient(Server(url, options.username, read_password, token_file=token_file), Copy(options.copy))
    client.sync()
    for action, body, answer in client.refused:
        print(f"Not done: {action} {body}: {answer.body['detail']}")
    rows = client.copy.rows("transaction").values()
    print(f"Version {client.copy.version}, {len(rows)} transactions.")
    for row in sorted(rows, key=lambda row: (row["date"], row["id"]), reverse=True)[:10]:
        amount = "-" * (row["direction"] == "out") + row["amount"]
        print(f"{row['date']} {amount:>11} {row['currency']}  {row['category_name'] or '-':16} {row['description']}")


if __name__ == "__main__":
    try:
        main()
    except (Refused, ConnectionError) as error:
        raise SystemExit(str(error)) from None
