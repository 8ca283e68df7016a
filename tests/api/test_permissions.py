"""Who may do what: one table of every address and method for every role."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.roles import ADMIN, give_role
from expenses.models import ExchangeRate, Run
from statements.models import Profile
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "direction": "out"}
PARTS = {"parts": [{"amount": "5.00"}, {"amount": "0.50"}]}
RULE = {
    "name": "Cafes",
    "conditions": [{"field": "description", "op": "contains", "value": "cafe"}],
    "actions": [{"type": "set_category", "value": "Dining"}],
}
RATE = {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"}
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
    ("get", "accounts/balances/", None, 200, 200),
    ("get", "accounts/{account}/register/", None, 200, NOT_FOUND),
    ("get", "categories/", None, 200, 200),
    ("post", "categories/", {"name": "Coffee", "kind": "expense"}, 201, 201),
    ("get", "categories/{category}/", None, 200, NOT_FOUND),
    ("patch", "categories/{category}/", {"name": "Green tea"}, 200, NOT_FOUND),
    ("delete", "categories/{category}/", None, 204, NOT_FOUND),
    ("put", "categories/{category}/", {}, 405, 405),
    ("get", "transfers/", None, 200, 200),
    ("post", "transfers/", {"from_account": "Left", "to_account": "Right", "amount": "5"}, 201, 400),
    ("get", "transfers/{transfer}/", None, 200, NOT_FOUND),
    ("delete", "transfers/{transfer}/", None, 204, NOT_FOUND),
    ("post", "transfers/{transfer}/confirm/", None, 200, NOT_FOUND),
    ("post", "transfers/{transfer}/reject/", None, 200, NOT_FOUND),
    ("get", "currencies/", None, 200, 200),
    ("get", "rates/", None, 200, 200),
    ("post", "rates/", RATE | {"date": "2026-11-01"}, 201, 201),
    ("get", "rates/{rate}/", None, 200, NOT_FOUND),
    ("patch", "rates/{rate}/", {"rate": "0.9"}, 200, NOT_FOUND),
    ("delete", "rates/{rate}/", None, 204, NOT_FOUND),
    ("put", "rates/{rate}/", {}, 405, 405),
    ("get", "rates/{reference}/", None, 200, 200),
    ("patch", "rates/{reference}/", {"rate": "0.9"}, 403, 403),
    ("delete", "rates/{reference}/", None, 403, 403),
    ("get", "rates/convert/?amount=1&from=EUR&to=EUR", None, 200, 200),
    ("post", "categories/{category}/merge/", {"into": "Dining"}, 200, NOT_FOUND),
    ("get", "tags/", None, 200, 200),
    ("post", "tags/", {"name": "Cold"}, 201, 201),
    ("get", "tags/{tag}/", None, 200, NOT_FOUND),
    ("patch", "tags/{tag}/", {"name": "Warm"}, 200, NOT_FOUND),
    ("delete", "tags/{tag}/", None, 204, NOT_FOUND),
    ("put", "tags/{tag}/", {}, 405, 405),
    ("post", "tags/{tag}/merge/", {"into": "sweet"}, 200, NOT_FOUND),
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
    ("delete", "users/me/", {"password": "blue-Tomato-99"}, 204, 204),
    ("get", "auth/tokens/", None, 200, 200),
    ("post", "auth/tokens/", {"name": "Phone"}, 201, 201),
    ("delete", "auth/tokens/{token}/", None, 204, NOT_FOUND),
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
    ("get", "transactions/{expense}/attachments/", None, 200, NOT_FOUND),
    ("post", "transactions/{expense}/attachments/", "receipt", 201, NOT_FOUND),
    ("get", "attachments/{attachment}/", None, 200, NOT_FOUND),
    ("delete", "attachments/{attachment}/", None, 204, NOT_FOUND),
    ("get", "attachments/{attachment}/content/", None, 200, NOT_FOUND),
    ("post", "transactions/bulk/", {"transactions": []}, 200, 200),
    ("get", "transactions/totals/", None, 200, 200),
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
        ("get", f"{_name}/{{{_id}}}/split/", None, 200, NOT_FOUND),
        ("put", f"{_name}/{{{_id}}}/split/", PARTS, 200, NOT_FOUND),
        ("delete", f"{_name}/{{{_id}}}/split/", None, 409, NOT_FOUND),
    ]
#: Everybody may, with or without a token.
OPEN = ("auth/register/", "auth/login/", "schema/", "docs/", "redoc/", "health/")
#: About the person or about nothing that is kept, so that a viewer may, too.
OWN = ("auth/", "users/me/", "categorization/suggest/")
#: What belongs to a person and not to a ledger.
PERSONAL = "{token}"
IDS = [f"{method} {address}" for method, address, *_ in TABLE]


@pytest.fixture
def rows(ana, settings, tmp_path):
    """One thing of each kind in Ana's ledger, by name of its id."""
    settings.MEDIA_ROOT = tmp_path
    for name in ("Left", "Right"):
        ana.post("accounts/", {"name": name})
    made = {
        "transfer": ana.post("transfers/", {"from_account": "Left", "to_account": "Right", "amount": "5.50"}),
        "account": ana.post("accounts/", {"name": "Checking"}),
        "category": ana.post("categories/", {"name": "Tea", "kind": "expense"}),
        "expense": ana.post("expenses/", ROW | {"category": "Dining"}),
        "income": ana.post("incomes/", ROW | {"direction": "in", "category": "Salary"}),
        "rule": ana.post("rules/", RULE),
        "rate": ana.post("rates/", RATE),
        "tag": ana.post("tags/", {"name": "hot"}),
    }
    ana.post("tags/", {"name": "sweet"})
    account = made["account"].json()["id"]
    made["token"] = ana.post("auth/tokens/", {"name": "Phone"})
    made["import"] = ana.post("imports/", {"file": statement(), "account": account}, format="multipart")
    address = f"transactions/{made['expense'].json()['id']}/attachments/"
    made["attachment"] = ana.post(address, {"file": receipt(b"the first")}, format="multipart")
    ids = {name: answer.json()["id"] for name, answer in made.items()}
    ledger = made_ledger(ana)
    ids["run"] = Run.objects.create(ledger=ledger, user=ana.user, kind="import").pk
    ids["profile"] = Profile.objects.create(ledger=ledger, name="Bank", format="csv", columns=[], profile={}).pk
    ids["reference"] = ExchangeRate.objects.create(
        base="EUR", quote="USD", date="2026-10-30", rate="1.1172", source="ecb"
    ).pk
    return ids


def made_ledger(api: Api) -> Any:
    assert api.user is not None
    return api.user.memberships.get().ledger


def statement() -> SimpleUploadedFile:
    return SimpleUploadedFile("one.csv", b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n", "text/csv")


def receipt(text: bytes = b"one more") -> SimpleUploadedFile:
    return SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 " + text)


#: What a body stands for that is sent as a form.
FILES = {"file": statement, "receipt": receipt}


def send(api: Api, method: str, address: str, body: Any, rows: dict[str, int]) -> Any:
    filled = address.format(**rows)
    if isinstance(body, str):
        return api.request(method, filled, {"file": FILES[body]()}, format="multipart")
    if address == "accounts/{account}/" and method == "delete":
        return api.request(method, filled)
    answer = api.request(method, filled, body)
    if answer.streaming:
        answer.close()
    return answer


def is_among(address: str, prefixes: tuple[str, ...]) -> bool:
    return address.startswith(prefixes)


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_an_owner_may(ana, rows, method, address, body, expected, stranger):
    assert send(ana, method, address, body, rows).status_code == expected


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_an_editor_may_as_much(ana, rows, join_ledger_of, method, address, body, expected, stranger):
    editor = join_ledger_of(ana, "eva", "editor")
    assert send(editor, method, address, body, rows).status_code == (stranger if PERSONAL in address else expected)


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_a_viewer_may_look(ana, rows, join_ledger_of, method, address, body, expected, stranger):
    viewer = join_ledger_of(ana, "vera", "viewer")
    looks = method == "get" or is_among(address, OWN)
    answer = send(viewer, method, address, body, rows)
    assert answer.status_code == ((stranger if PERSONAL in address else expected) if looks else 403)
    if not looks:
        assert answer.json()["detail"] == "You may look at this ledger, but not write in it."


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_a_stranger_finds_nothing(ana, ben, rows, method, address, body, expected, stranger):
    finds_nothing(ben, rows, method, address, body, stranger)


@pytest.mark.parametrize(("method", "address", "body", "expected", "stranger"), TABLE, ids=IDS)
def test_an_admin_finds_as_little(ana, ben, rows, method, address, body, expected, stranger):
    give_role(user=ben.user, role=ADMIN)
    finds_nothing(ben, rows, method, address, body, stranger)


def finds_nothing(ben: Api, rows: dict[str, int], method: str, address: str, body: Any, stranger: int) -> None:
    answer = send(ben, method, address, body, rows)
    assert answer.status_code == stranger
    if address == "auth/tokens/":  # their own
        return
    if method == "get" and stranger == 200 and "results" in (answer.json() if "json" in answer["Content-Type"] else {}):
        assert all(is_everybodys(row) for row in answer.json()["results"])


def is_everybodys(row: dict[str, Any]) -> bool:
    """A category of the system, a rate of the ECB, a currency."""
    return row.get("is_system") or row.get("source") == "ecb" or "minor_units" in row


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
    parts = address.removeprefix("api/v1/").partition("?")[0].split("/")
    return "/".join("{}" if part[:1] in {"<", "{"} else part for part in parts)


def test_the_table_holds_every_address_and_method():
    served = {
        (method, shape(address)) for address, methods in routes(get_resolver().url_patterns) for method in methods
    }
    assert len(served) > 40
    assert served <= {(method, shape(address)) for method, address, *_ in TABLE}
