"""Stress test of copies: four writers on a bad connection, and a reader who must end with the server's rows.

    python examples/sync_storm.py http://127.0.0.1:8000 --writes 10000

Registers a new user. The writers create, edit, delete, restore, categorize, tag, rename, and write rules and rates at
random, all at once. Answers are lost on purpose; a request without an answer is sent again. Every writer records its
confirmed writes. At the end the reader's copy must equal the server's lists. These must contain every confirmed write:
no row twice, none lost, no edit overwritten. The exit code is 1 if anything differs.
"""

import argparse
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
from examples.sync_client import TIMEOUT_S, Answer, Copy, Server, SyncClient, etag_of, send_once

N_WRITERS = 4
PASSWORD = "a-storm-of-9-writes"  # noqa: S105 - of a user who exists for the run only
CATEGORIES = ["Groceries", "Dining", "Transport", "Shopping"]
#: Type that is compared besides transactions → its list.
LISTS = {
    "account": "accounts/", "category": "categories/", "tag": "tags/", "rule": "rules/", "rate": "rates/?source=manual",
}  # fmt: skip
#: Fields of a list that change by themselves, which `changes/` leaves out.
COMPUTED = {"stats", "other_currencies"}
NEEDS_ROW = {"edit", "categorize", "tag", "delete", "restore"}
#: Action → its share of a hundred writes.
WEIGHTS = {
    "create": 29, "edit": 20, "categorize": 9, "tag": 7, "delete": 10, "restore": 8, "bulk": 3, "sign": 9, "rename": 1,
    "rule": 3, "rate": 1,
}  # fmt: skip


@dataclass
class BadConnection:
    """Transport that loses some requests, some answers, and hangs up on others."""

    chance: random.Random
    lost: Counter[str] = field(default_factory=Counter)

    def __call__(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        fate = self.chance.choices(["fine", "request", "answer", "hung up"], [91, 2, 5, 2])[0]
        self.lost[fate] += 1
        if fate == "request":
            raise ConnectionError("The request never arrived.")
        if fate == "hung up":
            hang_up(method, url, body, headers)
            raise ConnectionError("The client did not wait for the answer.")
        answer = send_once(method, url, body, headers)
        if fate == "answer":
            raise ConnectionError("The answer never arrived.")
        return answer


def hang_up(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> None:
    """Send a request and hang up: the server still processes it while the next try arrives."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, dict(headers))
    connection.close()


@dataclass
class Writer:
    """One device of the user, with its confirmed writes."""

    client: SyncClient
    connection: BadConnection
    chance: random.Random
    #: Rows that all writers sign at the same time, and the category that all rename.
    shared_rows: list[int]
    shared_category: int
    #: A day before which this writer has written no rate.
    rate_day: date
    #: External id → expected fields of the row, including `deleted`.
    beliefs: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    #: Row → lines of this writer in its notes.
    signatures: dict[int, list[str]] = field(default_factory=dict)
    #: Ids of this writer's rules, the oldest first.
    rules: list[int] = field(default_factory=list)

    def write(self) -> None:
        """Do a random action."""
        action = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if action in NEEDS_ROW and not self._rows(deleted=action == "restore"):
            action = "create"
        doing: Callable[[], None] = getattr(self, action)
        doing()

    def create(self) -> None:
        fields = self._fields()
        name = self.client.create(fields)
        self._push()
        self._believe(name, fields)

    def bulk(self) -> None:
        drafts = [{"external_id": str(uuid.uuid4()), **self._fields()} for _ in range(self.chance.randint(2, 20))]
        answer = self._call("POST", "transactions/bulk/", {"transactions": drafts})
        if answer.body["errors"] or len(answer.body["created"] + answer.body["duplicates"]) != len(drafts):
            raise AssertionError(answer.body)
        for draft in drafts:
            self._believe(draft.pop("external_id"), draft)

    def edit(self) -> None:
        self._change({"description": f"Shop {self.chance.randrange(1000)}", "notes": str(self.chance.random())})

    def categorize(self) -> None:
        self._change({"category": self.chance.choice([*CATEGORIES, self.shared_category])})

    def tag(self) -> None:
        self._change({"tags": sorted({f"tag {self.chance.randrange(30)}" for _ in range(self.chance.randrange(4))})})

    def delete(self) -> None:
        name = self.chance.choice(self._rows(deleted=False))
        self.client.delete(self._id(name))
        self._push()
        self.beliefs[name]["deleted"] = True

    def restore(self) -> None:
        name = self.chance.choice(self._rows(deleted=True))
        self.client.restore(self._id(name))
        self._push()
        self.beliefs[name]["deleted"] = False

    def rename(self) -> None:
        name = f"Shared {self.chance.randrange(10**9)}"
        self._call("PATCH", f"categories/{self.shared_category}/", {"name": name})

    def rule(self) -> None:
        """Make a rule for the shared category, which no write applies, and delete or edit it at once or later."""
        condition = {"field": "description", "op": "contains", "value": f"Shop {self.chance.randrange(1000)}"}
        fields = {"name": uuid.uuid4().hex, "triggers": ["manual"], "conditions": [condition]}
        actions = [{"type": "set_category", "value": self.shared_category}]
        self.rules.append(self._call("POST", "rules/", fields | {"actions": actions}).body["id"])
        if self.chance.random() < 0.5:
            self._call("DELETE", f"rules/{self.rules.pop(0)}/")
        else:
            self._call("PATCH", f"rules/{self.rules[0]}/", {"priority": self.chance.randrange(100)})

    def rate(self) -> None:
        """Write a rate of a day that no other writer has."""
        self.rate_day -= timedelta(days=N_WRITERS)
        fields = {"base": "EUR", "quote": "USD", "date": self.rate_day.isoformat(), "rate": "1.25"}
        path = f"rates/{self._call('POST', 'rates/', fields).body['id']}/"
        if self.chance.random() < 0.5:
            self._call("DELETE", path)

    def sign(self) -> None:
        """Add a line to the notes of a shared row: no line may be overwritten."""
        row_id, line, key = self.chance.choice(self.shared_rows), uuid.uuid4().hex[:10], str(uuid.uuid4())
        while True:
            row = self._call("GET", f"transactions/{row_id}/").body
            if line in row["notes"].split():
                break  # it was done, its answer was lost
            notes = f"{row['notes']} {line}".strip()
            if self._sign_once(row, notes, key):
                break
            key = str(uuid.uuid4())  # what is sent next is another request
        self.signatures.setdefault(row_id, []).append(line)

    def _sign_once(self, row: dict[str, Any], notes: str, key: str) -> bool:
        path = f"transactions/{row['id']}/"
        answer = self.client.server.call("PATCH", path, {"notes": notes}, key=key, etag=etag_of(row))
        if answer.status not in {200, 412}:
            raise AssertionError(answer)
        return answer.status == 200

    def _change(self, fields: dict[str, Any]) -> None:
        name = self.chance.choice(self._rows(deleted=False))
        self.client.edit(self._id(name), fields)
        self._push()
        self.beliefs[name] |= fields

    def _fields(self) -> dict[str, Any]:
        return {
            "amount": f"{self.chance.randrange(1, 99999) / 100:.2f}",
            "direction": "out",
            "date": f"2026-{self.chance.randrange(1, 13):02}-{self.chance.randrange(1, 29):02}",
            "description": f"Shop {self.chance.randrange(1000)}",
            "tags": sorted({f"tag {self.chance.randrange(30)}" for _ in range(self.chance.randrange(3))}),
            "ai_classify": False,
        }

    def _rows(self, *, deleted: bool) -> list[str]:
        return [name for name, belief in self.beliefs.items() if belief["deleted"] is deleted]

    def _id(self, name: str) -> int:
        """Return the row's id, looked up by its external id once."""
        if name not in self.ids:
            for path in ("transactions/", "transactions/deleted/"):
                for row in self._call("GET", f"{path}?{urlencode({'external_id': name})}").body["results"]:
                    self.ids[name] = row["id"]
        return self.ids[name]

    def _believe(self, name: str, fields: dict[str, Any]) -> None:
        self.beliefs[name] = {**fields, "deleted": False}
        del self.beliefs[name]["ai_classify"]

    def _push(self) -> None:
        self.client.push()
        if self.client.refused:
            raise AssertionError(self.client.refused)

    def _call(self, method: str, path: str, body: Any = None) -> Answer:
        key = str(uuid.uuid4()) if method != "GET" else ""
        answer = self.client.server.call(method, path, body, key=key)
        if answer.status >= 300:
            raise AssertionError(answer)
        return answer


class Storm:
    """The writers, the reader, their shared rows, and the final comparison."""

    def __init__(self, url: str, *, seed: int) -> None:
        self.url, self.seed, self.name = url, seed, f"storm-{uuid.uuid4().hex[:8]}"
        person = {"username": self.name, "email": f"{self.name}@example.org", "password": PASSWORD}
        self.server = Server(url, self.name, lambda: PASSWORD)
        self.call("POST", "auth/register/", person)
        self.category = self.call("POST", "categories/", {"name": "Shared", "kind": "expense"}).body["id"]
        row = {"amount": "1.00", "direction": "out", "description": "Signed by all", "ai_classify": False}
        self.rows = [self.call("POST", "transactions/", row).body["id"] for _ in range(10)]
        self.reader = SyncClient(Server(url, self.name, lambda: PASSWORD), Copy())
        self.writers = [self._writer(n) for n in range(N_WRITERS)]
        self.n_done, self.n_pages, self.failures = 0, 0, list[str]()

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self.server.call(method, path, body)
        if answer.status >= 300:
            raise AssertionError(answer)
        return answer

    def _writer(self, number: int) -> Writer:
        chance = random.Random(f"{self.seed}-{number}")
        connection = BadConnection(chance)
        server = Server(self.url, self.name, lambda: PASSWORD, transport=connection)
        first_day = date(2026, 1, 1) - timedelta(days=number)
        return Writer(SyncClient(server, Copy()), connection, chance, self.rows, self.category, first_day)

    def run(self, n_writes: int) -> None:
        """Run all writers and the reader at the same time."""
        threads = [threading.Thread(target=self._work, args=[w, n_writes // N_WRITERS]) for w in self.writers]
        for thread in threads:
            thread.start()
        said = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            self.n_pages += self.reader.pull()
            if time.monotonic() - said > 10:
                said = time.monotonic()
                print(f"{self.n_done:6} writes, the copy is at version {self.reader.copy.version}", flush=True)
            time.sleep(0.05)
        self.n_pages += self.reader.pull()

    def _work(self, writer: Writer, n_writes: int) -> None:
        try:
            for _ in range(n_writes):
                writer.write()
                self.n_done += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed and says so
            self.failures.append(f"A writer stopped: {error!r}")

    def faults(self) -> list[str]:
        """Return all differences from the expected state."""
        live, binned = self._listed("transactions/"), self._listed("transactions/deleted/")
        found = [*self.failures, *self._differences(live)]
        names = Counter(row["external_id"] for row in [*live.values(), *binned.values()] if row["external_id"])
        beliefs = {name: belief for writer in self.writers for name, belief in writer.beliefs.items()}
        found += [f"{name} is there {n} times" for name, n in names.items() if n > 1]
        found += [f"{name} is lost" for name in beliefs.keys() - names.keys()]
        found += [f"{name} is nobody's" for name in names.keys() - beliefs.keys()]
        for rows, deleted in ((live, False), (binned, True)):
            for row in rows.values():
                if row["external_id"] in beliefs:
                    found += _disagreements(row, beliefs[row["external_id"]], deleted=deleted)
        return found + list(self._lost_signatures(live))

    def _differences(self, live: dict[int, Any]) -> Iterator[str]:
        listed = {"transaction": live, **{kind: self._listed(path) for kind, path in LISTS.items()}}
        for kind, rows in listed.items():
            copied = self.reader.copy.rows(kind)
            different = [i for i in rows.keys() | copied.keys() if rows.get(i) != copied.get(i)]
            if different:
                yield f"The copy has another {kind} {different[0]}, and {len(different) - 1} more differ"

    def _listed(self, path: str) -> dict[int, Any]:
        rows: dict[int, Any] = {}
        following = f"{path}{'&' if '?' in path else '?'}cursor=&page_size=500"
        while following:
            page = self.call("GET", following).body
            for row in page["results"]:
                rows[row["id"]] = {name: value for name, value in row.items() if name not in COMPUTED}
            following = (page["next"] or "").partition("/api/v1/")[2]
        return rows

    def _lost_signatures(self, live: dict[int, Any]) -> Iterator[str]:
        for row_id in self.rows:
            lines = Counter(live[row_id]["notes"].split())
            expected = Counter(line for writer in self.writers for line in writer.signatures.get(row_id, []))
            if lines != expected:
                yield f"Row {row_id} was signed {expected.total()} times and shows {lines.total()}"


def _disagreements(row: dict[str, Any], belief: dict[str, Any], *, deleted: bool) -> Iterator[str]:
    shown = {**row, "deleted": deleted}
    if isinstance(belief.get("category"), str):
        shown["category"] = row["category_name"]
    for name, value in belief.items():
        if shown[name] != value:
            yield f"{row['external_id']} should have {name} {value!r}, and has {shown[name]!r}"


def report(storm: Storm, *, spent_s: float, faults: list[str]) -> None:
    """Print the numbers of writes and losses, and the faults."""
    servers = [writer.client.server for writer in storm.writers]
    lost: Counter[str] = sum((writer.connection.lost for writer in storm.writers), Counter())
    copy = storm.reader.copy
    print(f"{storm.n_done} writes by {N_WRITERS} writers in {spent_s:.1f} s, seed {storm.seed}")
    print(f"lost: {lost['request']} requests, {lost['answer']} answers; hung up on: {lost['hung up']}")
    print(f"{sum(server.n_retries for server in servers)} retries")
    print(f"the reader took {storm.n_pages} pages, to version {copy.version}: {len(copy.rows('transaction'))} rows")
    print(*faults[:20] or ["equal: no row twice, none lost, no edit overwritten"], sep="\n")


def main(arguments: list[str]) -> int:
    """Run a storm and print its outcome. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--writes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    storm, started = Storm(options.url.rstrip("/"), seed=options.seed), time.monotonic()
    storm.run(options.writes)
    spent_s, faults = time.monotonic() - started, storm.faults()
    report(storm, spent_s=spent_s, faults=faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
