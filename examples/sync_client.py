"""An offline copy of an Outlay ledger, as a phone would keep it. Python's standard library only; docs/sync.md explains.

    python examples/sync_client.py http://127.0.0.1:8000 ana choose-a-good-one copy.sqlite3

signs in, sends what was written offline, fetches what changed, and prints the newest transactions. Run it again: it
fetches only what is new. Beyond this page a real client would add a screen, and ask its user where the copy overwrites.
"""

import json
import random
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S, TRIES = 0.1, 10.0, 12
#: The server could not say yes or no just now; 409 only counts when it comes with Retry-After.
COME_AGAIN = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the same request may be sent again; None where that would not help."""
        if self.status in COME_AGAIN or (self.status == 409 and "retry-after" in self.headers):
            return float(self.headers.get("retry-after", 0))
        return None


class Refused(Exception):
    """The server will not do this, however often it is asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {(answer.body or {}).get('detail')}")
        self.answer = answer


#: Method, address, body and headers become an answer; raises OSError or HTTPException when none comes.
Transport = Callable[[str, str, bytes | None, Mapping[str, str]], Answer]


def send_once(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """One try of one request."""
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


@dataclass
class Server:
    """Sends a request until there is an answer to it: nothing here is done twice because an answer was lost."""

    url: str
    username: str
    password: str
    transport: Transport = send_once
    token: str = ""
    n_retries: int = field(default=0, init=False)

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", etag: str = "") -> Answer:
        """`key` is the same for every try of one write; `etag` is the version that the write is made for."""
        content = None if body is None else json.dumps(body).encode()
        for attempt in range(TRIES):
            headers = {"Content-Type": "application/json", "Authorization": f"Token {self.token}"}
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
        raise ConnectionError(f"{self.url} does not answer; what waits is sent the next time.")

    def sign_in(self) -> None:
        """Get a token. Raises Refused when name and password do not fit."""
        content = json.dumps({"username": self.username, "password": self.password, "name": "sync client"}).encode()
        headers = {"Content-Type": "application/json"}
        answer = self.transport("POST", f"{self.url}/api/v1/auth/login/", content, headers)
        if answer.status != 200:
            raise Refused(answer)
        self.token = answer.body["token"]

    def _pause(self, attempt: int, *, at_least: float = 0) -> None:
        """Longer with each try, and never the same for two clients, so that they do not come back together."""
        self.n_retries += 1
        longest = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
        time.sleep(at_least + random.uniform(longest / 2, longest))


SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (type TEXT, id INTEGER, body TEXT, PRIMARY KEY (type, id));
CREATE TABLE IF NOT EXISTS state (version INTEGER);
CREATE TABLE IF NOT EXISTS queue (n INTEGER PRIMARY KEY, row TEXT, action TEXT, body TEXT, key TEXT, etag TEXT);
INSERT INTO state SELECT 0 WHERE NOT EXISTS (SELECT * FROM state);
"""
#: How `changes/` lists things → what `deleted` calls them.
TYPES = {
    "transactions": "transaction", "accounts": "account", "categories": "category", "tags": "tag",
    "attachments": "attachment", "transfers": "transfer",
}  # fmt: skip
#: Action → method, and what follows the row's address.
ACTIONS = {"edit": ("PATCH", ""), "delete": ("DELETE", ""), "restore": ("POST", "restore/")}


class Copy:
    """What the phone keeps: the ledger as it was last seen, and what its user did since, in that order."""

    def __init__(self, path: str = ":memory:") -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript(SCHEMA)

    @property
    def version(self) -> int:
        return int(self.db.execute("SELECT version FROM state").fetchone()[0])

    def rows(self, kind: str) -> dict[int, Any]:
        """Id → body of everything of a type."""
        found = self.db.execute("SELECT id, body FROM rows WHERE type = ? ORDER BY id", [kind])
        return {row_id: json.loads(body) for row_id, body in found}

    def take(self, page: dict[str, Any]) -> None:
        """A page of `changes/` and its version go in together: after a crash the next pull goes on from there."""
        with self.db:
            self.db.execute("BEGIN")
            gone = [(row["type"], row["id"]) for row in page["deleted"]]
            self.db.executemany("DELETE FROM rows WHERE type = ? AND id = ?", gone)
            new = [(kind, row["id"], json.dumps(row)) for name, kind in TYPES.items() for row in page[name]]
            self.db.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", new)
            self.db.execute("UPDATE state SET version = ?", [page["version"]])

    def empty(self) -> None:
        """The server does not know our version: it was set back. What waits in the queue is kept."""
        self.db.executescript("BEGIN; DELETE FROM rows; UPDATE state SET version = 0; COMMIT;")

    def write(self, row: str, action: str, body: Any, *, etag: str = "") -> None:
        """Queue what the user did, with the key that every try of it will carry."""
        values = [row, action, json.dumps(body), str(uuid.uuid4()), etag]
        self.db.execute("INSERT INTO queue (row, action, body, key, etag) VALUES (?, ?, ?, ?, ?)", values)

    def first_write(self) -> tuple[int, str, str, Any, str, str] | None:
        """Number, row, action, body, key and ETag of the oldest write that waits."""
        found = self.db.execute("SELECT n, row, action, body, key, etag FROM queue ORDER BY n").fetchone()
        return None if found is None else (*found[:3], json.loads(found[3]), *found[4:])

    def settle(self, number: int, row: str, found: dict[str, Any] | None) -> None:
        """The write is done: those that follow it go to the row's real id, and are made for its new version."""
        with self.db:
            self.db.execute("BEGIN")
            self.db.execute("DELETE FROM queue WHERE n = ?", [number])
            if found is not None:
                self.db.execute("UPDATE queue SET row = ?, etag = ? WHERE row = ?", [found["id"], etag_of(found), row])


def etag_of(row: dict[str, Any]) -> str:
    """The tag that the server sends with a row's body."""
    return f'"{row["id"]}-{row["version"]}"'


class SyncClient:
    """Writes at once into the queue, and brings copy and server together when there is a connection."""

    def __init__(self, server: Server, copy: Copy) -> None:
        self.server, self.copy = server, copy
        #: What the server would not do, for the user to look at.
        self.refused: list[tuple[str, Any, Answer]] = []

    def create(self, fields: dict[str, Any]) -> str:
        """Record a transaction, offline or not. Returns the name that it has until the server has given it an id."""
        row = str(uuid.uuid4())
        self.copy.write(row, "create", {"external_id": row, **fields})
        return row

    def edit(self, row: int | str, fields: dict[str, Any]) -> None:
        """Change fields of a transaction, by its id or by the name that `create` gave."""
        self.copy.write(str(row), "edit", fields, etag=self._known_tag(row))

    def delete(self, row: int | str) -> None:
        """Put it into the bin."""
        self.copy.write(str(row), "delete", None, etag=self._known_tag(row))

    def restore(self, row: int | str) -> None:
        """Take it out of the bin; repeating that does no harm, so no version is asked for."""
        self.copy.write(str(row), "restore", None)

    def sync(self) -> None:
        """Send what waits, then fetch what is new: our own writes come back with everybody else's."""
        self.push()
        self.pull()

    def push(self) -> None:
        """Send what waits, the oldest first."""
        while (write := self.copy.first_write()) is not None:
            self._send(*write)

    def pull(self) -> int:
        """Fetch what changed since the copy's version. Returns how many pages that took."""
        n_pages, has_more = 0, True
        while has_more:
            answer = self.server.call("GET", f"changes/?since={self.copy.version}")
            if answer.status == 400 and self.copy.version:
                self.copy.empty()
                continue
            _require_success(answer)
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
        """Only the fields that the user touched are sent, so both changes stay when somebody else was first."""
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
        """Made for the version that the user saw; a row that the server has not seen yet has none."""
        found = self.copy.db.execute("SELECT body FROM rows WHERE type = 'transaction' AND id = ?", [row]).fetchone()
        return etag_of(json.loads(found[0])) if found else ""


def _require_success(answer: Answer) -> None:
    if answer.status >= 300:
        raise Refused(answer)


def main(url: str, username: str, password: str, path: str = "copy.sqlite3") -> None:
    """Synchronize a file, and show what is in it."""
    client = SyncClient(Server(url.rstrip("/"), username, password), Copy(path))
    client.sync()
    for action, body, answer in client.refused:
        print(f"Not done: {action} {body}: {answer.body['detail']}")
    rows = client.copy.rows("transaction").values()
    print(f"Version {client.copy.version}, {len(rows)} transactions.")
    for row in sorted(rows, key=lambda row: (row["date"], row["id"]), reverse=True)[:10]:
        money = f"{row['amount']:>10} {row['currency']}"
        print(f"{row['date']} {money}  {row['category_name'] or '-':16} {row['description']}")


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        raise SystemExit(__doc__)
    try:
        main(*sys.argv[1:])
    except (Refused, ConnectionError) as error:
        raise SystemExit(str(error)) from None
