"""Nothing leaves the process but the texts that the page of privacy names."""

import ast
import json
import socket
import sys

import pytest

from config.environment import BASE_DIR
from expenses.models import ModelCall
from tests.api.test_narrative import two_months
from tests.providers.ollama_impostor import Impostor

APPS = ("config", "accounts", "expenses", "rules", "providers", "statements", "insights")
#: Packages that open connections, and the modules that use them with the reason.
NETWORK = {"aiohttp", "ftplib", "http", "httpcore", "httpx", "ollama", "redis", "requests", "rq", "smtplib", "socket"}
NETWORK |= {"socketserver", "ssl", "telnetlib", "urllib3", "websockets", "xmlrpc"}
KNOWN = {
    "providers/ollama": "asks the model",
    "config/redis": "speaks with the Redis of the settings",
    "config/backends.py": "names the Redis of the settings",
    "config/management/commands/work.py": "works on tasks of the Redis of the settings",
    "config/api/health.py": "asks the Redis of the settings",
    "config/processes": "listens, and asks its own server whether it is ready",
    "insights/mcp_server.py": "listens for programs of the user on this machine",
    "insights/management/commands/mcp.py": "listens for programs of the user on this machine",
}
HARMLESS = {"http.HTTPStatus", "urllib.parse"}

_connections: list[object] = []
_is_watching = False


def _note_connection(event: str, args: tuple[object, ...]) -> None:
    if _is_watching and event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
        address = args[0] if event.startswith("socket.get") else args[1]
        if not isinstance(address, (str, bytes)) or event.startswith("socket.get"):  # else a socket in a folder
            _connections.append(address)


sys.addaudithook(_note_connection)


def imported_names(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def opens_connections(name):
    is_client = name.split(".")[0] in NETWORK or name.startswith("urllib.request")
    return is_client and name not in HARMLESS


def test_only_known_modules_use_packages_that_open_connections():
    users = set()
    for app in APPS:
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            if any(opens_connections(name) for name in imported_names(ast.parse(path.read_text()))):
                users.add(str(path.relative_to(BASE_DIR)))
    unknown = {user for user in users if not user.startswith(tuple(KNOWN))}
    assert unknown == set()
    assert {place for place in KNOWN if any(user.startswith(place) for user in users)} == set(KNOWN)


@pytest.fixture
def connections_made():
    global _is_watching  # noqa: PLW0603 - a hook of Python cannot be taken away
    _connections.clear()
    _is_watching = True
    yield _connections
    _is_watching = False


@pytest.fixture
def no_model(settings):
    settings.CATEGORIZATION_PROVIDERS = [e for e in settings.CATEGORIZATION_PROVIDERS if not e.get("DEFERRED")]


def test_a_life_without_a_model_opens_no_connection(ana, no_model, run_tasks, connections_made):
    rows = json.loads((BASE_DIR / "examples" / "two-years.json").read_text())
    answer = ana.post("transactions/bulk/", rows)
    assert answer.status_code == 200
    run_tasks()
    month = "date=2026-10&period=month"
    pages = ["privacy/", "transactions/", "review/", "rules/proposals/", "categorization/chain/", "currencies/"]
    pages += [f"insights/summary/?{month}", "insights/recurring/", "insights/anomalies/", "insights/forecast/"]
    pages += ["insights/forecast/?format=svg", "rates/", "changes/?since=0", "docs/", "redoc/", "schema/"]
    assert {page: ana.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    assert connections_made == []


@pytest.mark.enable_socket
def test_the_watch_sees_a_connection(connections_made):
    with socket.socket() as plug:
        assert plug.connect_ex(("127.0.0.1", 9)) != 0
    assert connections_made == [("127.0.0.1", 9)]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_question_about_a_row_holds_its_text_and_no_figure_of_it(ana, use_chain, run_tasks):
    ana.patch("users/me/", {"preferences": {"base_currency": "USD"}})
    ana.post("accounts/", {"name": "Zebrabank", "currency": "USD"})
    row = {"amount": "731.19", "currency": "USD", "date": "2026-03-17", "account": "Zebrabank", "tags": ["secrettag"]}
    row |= {"description": "ZORB PLINTH DE89 3704 0044 0532 0130 00", "notes": "a hidden note", "direction": "out"}
    with Impostor() as server:
        server.answer("/api/chat", {"error": "no"}, status=500)
        options = {"host": server.url, "model": "tiny:1b", "log": "expenses.services.model_calls.ModelCallLog"}
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
        number = ana.post("transactions/", row).json()["id"]
        run_tasks()
        sent = [json.dumps(body) for path, body in server.asked if path == "/api/chat"]
    call = ModelCall.objects.get()
    assert [json.loads(text) for text in sent] == [json.loads(call.request)]
    text = call.request.casefold()
    assert [word for word in ("zorb plinth", "groceries") if word not in text] == []
    figures = ("731", "usd", "2026", "03-17", "zebrabank", "secrettag", "hidden note", "example.org", "3704", "0532")
    assert [figure for figure in figures if figure in text] == []
    assert list(call.transactions.values_list("pk", flat=True)) == [number]


@pytest.mark.enable_socket
def test_a_text_about_a_month_is_asked_for_without_notes_and_account_numbers(ana, use_chain, run_tasks):
    two_months(ana)
    ana.post("accounts/", {"name": "Zebrabank", "currency": "EUR"})
    more = {"amount": "900.00", "category": "Dining", "date": "2024-11-09", "description": "ZORB PLINTH"}
    ana.post("expenses/", more | {"notes": "a hidden note", "iban": "DE89370400440532013000", "account": "Zebrabank"})
    with Impostor() as server:
        server.answer("/api/chat", {"error": "no"}, status=500)
        options = {"host": server.url, "model": "tiny:1b", "log": "expenses.services.model_calls.ModelCallLog"}
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
        assert ana.get("insights/narrative/", {"month": "2024-11"}).status_code == 200
        run_tasks()
    texts = list(ModelCall.objects.filter(purpose="narrate").values_list("request", flat=True))
    assert texts
    never = ("hidden note", "3704", "0532", "example.org")
    assert [word for word in never for text in texts if word in text.casefold()] == []
