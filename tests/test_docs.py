"""What the README and the walkthrough tell a reader to type works, and is answered as they show it."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import TestCase
from rest_framework.test import APIClient

from tests.curl import Request, differences, requests_of

PAGES = [
    "README.md", "docs/walkthrough.md", "docs/accounts.md", "docs/categories.md", "docs/ledger.md", "docs/review.md",
    "docs/runs.md", "docs/proposals.md", "docs/linting.md", "docs/merchants.md", "docs/calibration.md",
    "docs/forecast.md",
    "docs/summaries.md", "docs/anomalies.md", "docs/scoring.md",
]  # fmt: skip
ALL_PAGES = [settings.BASE_DIR / "README.md", *sorted((settings.BASE_DIR / "docs").rglob("*.md"))]
#: The fields of a transfer that name its transactions.
SIDES = {"outgoing", "incoming"}
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")


class Reader:
    """Types a page's commands in order. Tokens and ids are those of the real answers, whatever the page shows."""

    def __init__(self, run_tasks):
        self.client = APIClient()
        self.run_tasks = run_tasks
        self.token = ""
        #: Resource and shown id → real id; the id None is that of the newest.
        self.ids: dict[tuple[str, int | None], int] = {}

    def type(self, request: Request):
        with ExitStack() as files, TestCase.captureOnCommitCallbacks(execute=True):
            answer = getattr(self.client, request.verb)(self.address(request), **self.body(request, files))
        body = answer.json() if answer.content and "json" in answer["Content-Type"] else {}
        if answer.status_code == 202 or body.get("is_stale"):
            self.run_tasks()
        self.token = body.get("token", self.token)
        self.learn_ids(request, body)
        return answer, body

    def address(self, request: Request) -> str:
        parts = urlsplit(request.url)
        resource, path = _resource(parts.path), parts.path
        for shown in re.findall(r"/(\d+)/", path):
            real = self.ids.get((resource, int(shown)), self.ids.get((resource, None), int(shown)))
            path = path.replace(f"/{shown}/", f"/{real}/")
        return f"{path}?{parts.query}" if parts.query else path

    def body(self, request: Request, files: ExitStack) -> dict[str, Any]:
        headers = {"headers": {"authorization": f"Token {self.token}"}} if "Authorization" in request.headers else {}
        if request.form:
            form = {
                name: files.enter_context((settings.BASE_DIR / value[1:]).open("rb")) if value[:1] == "@" else value
                for name, value in request.form.items()
            }
            return headers | {"data": form, "format": "multipart"}
        media_type = request.headers.get("Content-Type", "application/x-www-form-urlencoded")
        return headers | ({"data": self.data(request), "content_type": media_type} if request.data else {})

    def data(self, request: Request) -> bytes:
        if request.data.startswith("@"):
            return (settings.BASE_DIR / request.data[1:]).read_bytes()
        if request.headers.get("Content-Type") != "application/json":
            return request.data.encode()
        sent = json.loads(request.data)
        if isinstance(sent, dict):
            sent |= {name: self.ids.get(("transactions", sent[name]), sent[name]) for name in SIDES & sent.keys()}
        return json.dumps(sent).encode()

    def learn_ids(self, request: Request, body) -> None:
        resource = "runs" if "progress" in body else _resource(urlsplit(request.url).path)
        for shown, real in _items(request.shown or {}, body):
            if "id" in real:
                self.ids |= {(resource, shown.get("id", real["id"])): real["id"], (resource, None): real["id"]}
            for side in SIDES & shown.keys() & real.keys():
                self.ids["transactions", shown[side]["id"]] = real[side]["id"]


def _resource(path: str) -> str:
    """What an id in the address is the id of."""
    name = path.removeprefix("/api/v1/").split("/")[0]
    return {"expenses": "transactions", "incomes": "transactions"}.get(name, name)


def _items(shown, body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What a page shows and what is real: the answer, and the items of a list."""
    return chain([(shown, body)], zip(shown.get("results", []), body.get("results", []), strict=False))


def expected_failure(request: Request) -> int | None:
    """The status of an answer that is shown as an error."""
    shown = request.shown or {}
    return shown["status"] if "errors" in shown and "title" in shown else None


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_type_is_answered_as_it_shows(page, db, run_tasks, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.CATEGORIZATION_PROVIDERS = [e for e in settings.CATEGORIZATION_PROVIDERS if not e.get("DEFERRED")]
    reader = Reader(run_tasks)
    for request in requests_of((settings.BASE_DIR / page).read_text()):
        answer, body = reader.type(request)
        wanted = expected_failure(request)
        assert answer.status_code == wanted if wanted else answer.status_code < 400, f"{request.command}\n{body}"
        assert list(differences(request.shown or {}, body)) == [], request.command


def test_the_walkthrough_has_an_answer_under_every_command():
    requests = requests_of((settings.BASE_DIR / "docs" / "walkthrough.md").read_text())
    assert len(requests) > 10
    assert [request.command for request in requests if request.shown is None] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    targets = LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_files_named_by_the_architecture_exist():
    text = (settings.BASE_DIR / "docs" / "architecture.md").read_text()
    named = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?|[a-z_]+\.py)`", text)
    roots = [settings.BASE_DIR, *(path.parent for path in settings.BASE_DIR.glob("*/apps.py"))]
    assert len(named) > 30
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_every_page_is_in_the_index():
    folder = settings.BASE_DIR / "docs"
    named = {(folder / target).resolve() for target in LINK.findall((folder / "README.md").read_text())}
    assert {page for page in folder.rglob("*.md") if page.name != "README.md"} <= named


def test_a_shell_block_is_read_as_a_shell_reads_it():
    page = """
```sh
api=http://h/api/v1 json='Content-Type: application/json'   # two at once
make run
token=$(curl -s $api/auth/login/ -H "$json" -d '{"a": 1}' | jq -r .token)
curl -H "Authorization: Token $token" "$api/x/?a=1&b=2" \\
  -F file=@one.csv -F 'account=Two words'
```

```json
{"id": 7}
```
"""
    login, upload = requests_of(page)
    assert (login.verb, login.url, json.loads(login.data)) == ("post", "http://h/api/v1/auth/login/", {"a": 1})
    assert (upload.verb, upload.url) == ("post", "http://h/api/v1/x/?a=1&b=2")
    assert upload.form == {"file": "@one.csv", "account": "Two words"}
    assert upload.shown == {"id": 7}


def test_a_shown_answer_that_differs_is_found():
    shown = {"a": "…", "b": [{"c": 1}], "d": 2}
    assert list(differences(shown, {"a": 5, "b": [{"c": 1, "x": 0}], "d": 2, "e": 3})) == []
    assert sorted(differences(shown, {"a": 5, "b": [{"c": 9}]})) == [
        "answer.b.0.c: the page shows 1, the answer is 9",
        "answer.d: the page shows 2, the answer is 'nothing'",
    ]
