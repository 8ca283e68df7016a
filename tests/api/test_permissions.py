"""Who may do what: one table of every address and method for every role."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from expenses.models import Run
from statements.models import Profile
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "direction": "out"}
RULE = {
    "name": "Cafes",
    "conditions": [{"field": "description", "op": "contains", "value": "cafe"}],
    "actions": [{"type": "set_category", "value": "Dining"}],
}
#: Rows of the table: method, address, body, what a member who writes gets, and what a stranger gets.
#: A viewer gets the writer's answer to get and 403 to the rest, anonymous people 401, unless OPEN or OWN says else.
NOT_FOUND = 404
TABLE: list[tuple[str, str, Any, int, int]] = [
    ("get", "accounts/", None, 200, 200),
    ("post", "accounts/", {"name": "Purse"}, 201, 201),
    ("get", "accounts/{account}/", None, 200, NOT_FOUND),
    ("patch", "accounts/{account}/", {"name": "Giro"}, 200, NOT_FOUND),
    ("delete", "accounts/{account}/", None, 204, NOT_FOUND),
    ("put", "accounts/{account}/", {}, 405, 405),
    ("get", "categories/", None, 200, 200),
    ("post", "categories/", {"name": "Coffee", "kind": "expense"}, 201, 201),
    ("get", "categories/{category}/", None, 200, NOT_FOUND),
    ("patch", "categories/{category}/", {"name": "Green tea"}, 200, NOT_FOUND),
    ("delete", "categories/{category}/", None, 204, NOT_FOUND),
    ("put", "categories/{category}/", {}, 405, 405),
    ("get", "runs/", None, 200, 200),
    ("get", "runs/{run}/", None, 200, NOT_FOUND),
    ("post", "runs/", {}, 405, 405),
    ("post", "runs/{run}/revert/", {}, 409, NOT_FOUND),
    ("post", "runs/{run}/cancel/", {}, 200, NOT_FOUND),
    ("post", "runs/{run}/resume/", {}, 409, NOT_FOUND),
    ("get", "runs/{run}/changes/", None, 200, NOT_FOUND),
    ("get", "runs/{run}/errors/", None, 200, NOT_FOUND),
    ("delete", "runs/{run}/", None, 405, 405),
    ("get", "rules/", None, 200, 200),
    ("post", "rules/", RULE | {"name": "Bars"}, 201, 201),
    ("get", "rules/{rule}/", None, 200, NOT_FOUND),
    ("put", "rules/{rule}/", RULE, 200, NOT_FOUND),
    ("patch", "rules/{rule}/", {"priority": 5}, 200, NOT_FOUND),
    ("delete", "rules/{rule}/", None, 204, NOT_FOUND),
    ("get", "imports/", None, 200, 200),
    ("post", "imports/", "file", 201, 201),
    ("get", "imports/{import}/", None, 200, NOT_FOUND),
    ("patch", "imports/{import}/", {}, 200, NOT_FOUND),
    ("delete", "imports/{import}/", None, 204, NOT_FOUND),
    ("get", "imports/{import}/rows/", None, 200, NOT_FOUND),
    ("post", "imports/{import}/commit/", {}, 202, NOT_FOUND),
    ("get", "import-profiles/", None, 200, 200),
    ("get", "import-profiles/{profile}/", None, 200, NOT_FOUND),
    ("delete", "import-profiles/{profile}/", None, 204, NOT_FOUND),
    ("post", "categorization/suggest/", {"description": "Cafe"}, 200, 200),
    ("get", "categorization/chain/", None, 200, 200),
    ("get", "users/me/", None, 200, 200),
    ("patch", "users/me/", {}, 200, 200),
    ("post", "auth/logout/", None, 204, 204),
    ("post", "auth/logoutall/", None, 204, 204),
    ("post", "auth/register/", {}, 400, 400),
    ("post", "auth/login/", {}, 400, 400),
    ("get", "schema/", None, 200, 200),
    ("get", "docs/", None, 200, 200),
    ("get", "redoc/", None, 200, 200),
    ("get", "health/live/", None, 200, 200),
    ("get", "health/ready/", None, 200, 200),
    ("get", "changes/", None, 200, 200),
    ("post", "transactions/bulk/", {"transactions": []}, 200, 200),
    ("patch", "transactions/bulk/", {"filter": {"all": True}, "set": {"notes": "x"}}, 202, 202),
    ("delete", "transactions/bulk/", {"filter": {"all": True}}, 202, 202),
]
for _name, _id in (("transactions", "expense"), ("expenses", "expense"), ("incomes", "income")):
    TABLE += [
        ("get", f"{_name}/", None, 200, 200),
        ("post", f"{_name}/", ROW | ({"direction": "in"} if _name == "incomes" else {}), 201, 201),
        ("get", f"{_name}/{{{_id}}}/", None, 200, NOT_FOUND),
        ("put", f"{_name}/{{{_id}}}/", {"amount": "1", "description": "x"}, 200, NOT_FOUND),
        ("patch", f"{_name}/{{{_id}}}/", {"notes": "x"}, 200, NOT_FOUND),
        ("delete", f"{_name}/{{{_id}}}/", None, 204, NOT_FOUND),
        ("get", f"{_name}/deleted/", None, 200, 200),
        ("get", f"{_name}/{{{_id}}}/history/", None, 200, NOT_FOUND),
        ("post", f"{_name}/{{{_id}}}/restore/", None, 200, NOT_FOUND),
        ("get", f"{_name}/{{{_id}}}/explanation/", None, 200, NOT_FOUND),
        ("post", f"{_name}/{{{_id}}}/confirm/", None, 200, NOT_FOUND),
    ]
#: Everybody may, with or without a token.
OPEN = ("auth/register/", "auth/login/", "schema/", "docs/", "redoc/", "health/")
#: About the person or about nothing that is kept, so that a viewer may, too.
OWN = ("auth/", "users/me/", "categorization/suggest/")
IDS = [f"{method} {address}" for method, address, *_ in TABLE]


@pytest.fixture
def rows(ana, settings, tmp_path):
    """One thing of each kind in Ana's ledger, by name of its id."""
    settings.MEDIA_ROOT = tmp_path
    made = {
        "account": ana.post("accounts/", {"name": "Checking"}),
        "category": ana.post("categories/", {"name": "Tea", "kind": "expense"}),
        "expense": ana.post("expenses/", ROW | {"category": "Dining"}),
        "income": ana.post("incomes/", ROW | {"direction": "in", "category": "Salary"}),
        "rule": ana.post("rules/", RULE),
    }
    account = made["account"].json()["id"]
    made["import"] = ana.post("imports/", {"file": statement(), "account": account}, format="multipart")
    ids = {name: answer.json()["id"] for name, answer in made.items()}
    ledger = made_ledger(ana)
    ids["run"] = Run.objects.create(ledger=ledger, user=ana.user, kind="import").pk
    ids["profile"] = Profile.objects.create(ledger=ledger, name="Bank", format="csv", columns=[], profile={}).pk
    return ids


def made_ledger(api: Api) -> Any:
    assert api.user is not None
    return api.user.memberships.get().ledger


def statement() -> SimpleUploadedFile:
    return SimpleUploadedFile("one.csv", b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n", "text/csv")


def send(api: Api, method: str, address: str, body: Any, rows: dict[str, int]) -> Any:
    filled = address.format(**rows)
    if body == "file":
        return api.request(method, filled, {"file": statement()}, format="multipart")
    if address == "accounts/{account}/" and method == "delete":
        return api.request(method, filled)
    return api.request(method, filled, body)


def is_among(address: str, prefixes: tuple[str, ...]) -> bool:
    return address.startswith(prefixes)


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_an_owner_may(ana, rows, method, address, body, expected, stranger):
    assert send(ana, method, address, body, rows).status_code == expected


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_an_editor_may_as_much(ana, rows, join_ledger_of, method, address, body, expected, stranger):
    editor = join_ledger_of(ana, "eva", "editor")
    assert send(editor, method, address, body, rows).status_code == expected


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_a_viewer_may_look(ana, rows, join_ledger_of, method, address, body, expected, stranger):
    viewer = join_ledger_of(ana, "vera", "viewer")
    looks = method == "get" or is_among(address, OWN)
    answer = send(viewer, method, address, body, rows)
    assert answer.status_code == (expected if looks else 403)
    if not looks:
        assert answer.json()["detail"] == "You may look at this ledger, but not write in it."


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_a_stranger_finds_nothing(ana, ben, rows, method, address, body, expected, stranger):
    answer = send(ben, method, address, body, rows)
    assert answer.status_code == stranger
    if method == "get" and stranger == 200 and "results" in (answer.json() if "json" in answer["Content-Type"] else {}):
        assert all(row.get("is_system") for row in answer.json()["results"])


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_nobody_comes_in_without_a_token(rows, anyone, method, address, body, expected, stranger):
    answer = send(anyone, method, address, body, rows)
    assert answer.status_code == (expected if is_among(address, OPEN) else 401)


@pytest.mark.parametrize("address", sorted({address for _, address, *_ in TABLE}))
def test_every_address_says_what_it_takes(ana, rows, address):
    expected = 405 if address in {"docs/", "redoc/"} else 200
    assert ana.request("options", address.format(**rows)).status_code == expected


def routes(patterns: list[Any], prefix: str = "") -> list[tuple[str, set[str]]]:
    """Every address of the API with its methods, ids written as {}."""
    found: list[tuple[str, set[str]]] = []
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            found.append((address, methods_of(pattern.callback) if address.startswith("api/v1/") else set()))
    return found


def methods_of(view: Any) -> set[str]:
    named = getattr(view, "actions", None) or {
        name for name in ("get", "post", "put", "patch", "delete") if hasattr(view.cls, name)
    }
    allowed = set(getattr(view, "initkwargs", {}).get("http_method_names", view.cls.http_method_names))
    return set(named) & allowed - {"head", "options"}


def shape(address: str) -> str:
    """The address with `{}` for whatever stands in braces or angle brackets."""
    return "/".join("{}" if part[:1] in {"<", "{"} else part for part in address.removeprefix("api/v1/").split("/"))


def test_the_table_holds_every_address_and_method():
    served = {
        (method, shape(address)) for address, methods in routes(get_resolver().url_patterns) for method in methods
    }
    assert len(served) > 40
    assert served <= {(method, shape(address)) for method, address, *_ in TABLE}
