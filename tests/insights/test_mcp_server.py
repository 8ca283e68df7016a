"""The tools over the Model Context Protocol, asked by the package's own client over stdio and HTTP."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx2
import pytest
from django.core.management import CommandError, call_command
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from config.environment import BASE_DIR
from insights import mcp_server
from insights.tools.registry import TOOLS
from tests.pages import blocks_of
from tests.servers import Server, free_port, run_server

IBAN = "DE89370400440532013000"
EXPENSES = [
    {"amount": "12.50", "description": "Bakery Hill", "date": "2026-10-02", "category": "Groceries"},
    {
        "amount": "30.00",
        "description": f"Harbor Dairy {IBAN}",
        "date": "2026-10-09",
        "category": "Groceries",
    },
]
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

OCTOBER = {"period": "month", "date": "2026-10"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A web server with a ledger of two expenses."""
    with run_server(tmp_path_factory.mktemp("outlay"), "web") as running:
        running.register()
        for expense in EXPENSES:
            assert running.request("POST", "expenses/", expense)[0] == 201
        assert running.request("POST", "accounts/", {"name": f"Giro {IBAN}"})[0] == 201
        yield running


def ask(transport: Any, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Return the tools that the server lists, and its answers to the calls."""

    async def talk() -> tuple[list[Any], list[Any]]:
        async with Client(transport) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(talk)


def command_of(server: Server) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["manage.py", "mcp", "--user", "ana"], cwd=BASE_DIR, env=dict(server.environment)
    )


@asynccontextmanager
async def over_http(address: str, token: str) -> AsyncIterator[Any]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client,
        streamable_http_client(address, http_client=client) as streams,
    ):
        yield streams


@contextmanager
def http(server: Server) -> Iterator[str]:
    """Run the command over HTTP, and yield its address."""
    port = free_port()
    command = [sys.executable, "manage.py", "mcp", "--http", "--port", str(port)]
    process = subprocess.Popen(command, cwd=BASE_DIR, env=server.environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == (
            f"Assistants on this machine find the ledger at http://127.0.0.1:{port}/mcp. Ctrl-C stops it.\n"
        )
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def session(server: Server) -> tuple[list[Any], list[Any], int]:
    """One session over stdio: the tools, the answers to its calls, and the calls kept before it."""
    n_before = len(server.request("GET", "privacy/model-calls/?purpose=mcp")[1]["results"])
    transport = stdio_client(command_of(server))
    search = {"text": "dairy", **OCTOBER}
    wrong, misspelled = ("summary", {"date": "soon"}), ("summary", {"account": f"Gir {IBAN}"})
    return *ask(transport, ("summary", OCTOBER), ("search", search), wrong, misspelled, ("erase", {})), n_before


def test_a_local_program_reads_the_ledger_over_stdio(session: Any) -> None:
    tools, (summary, *_), _ = session
    assert [tool.name for tool in tools] == list(TOOLS)
    assert all(tool.annotations.read_only_hint and tool.input_schema["type"] == "object" for tool in tools)
    assert not summary.is_error
    figures = {one["label"]: one for one in json.loads(summary.content[0].text)["figures"]}
    assert figures["Spending"]["value"] == "42.50"


def test_the_client_of_the_page_prints_the_tools_and_a_month(server: Server) -> None:
    [(_, code)] = [block for block in blocks_of((BASE_DIR / "docs/mcp.md").read_text()) if block[0] == "python"]
    here = {"/srv/outlay/.venv/bin/python": sys.executable, "/srv/outlay/": f"{BASE_DIR}/"}
    for path, own in here.items():
        assert path in code
        code = code.replace(path, own)
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], env=server.environment, capture_output=True, text=True, timeout=120, check=True
    )
    *tools, summary = ended.stdout.splitlines()
    assert tools == list(TOOLS)
    assert {"42.50"} <= {one["value"] for one in json.loads(summary)["figures"]}


def test_a_user_and_http_exclude_each_other() -> None:
    with pytest.raises(CommandError, match="argument --http: not allowed with argument --user"):
        call_command("mcp", "--user", "ana", "--http")


def test_account_numbers_stay_on_this_side(session: Any) -> None:
    _, (_, found, *_), _ = session
    assert IBAN not in found.content[0].text
    assert "IBAN1" in found.content[0].text


def test_account_numbers_in_names_that_an_error_proposes_stay_on_this_side(session: Any) -> None:
    _, (*_, misspelled, _), _ = session
    assert json.loads(misspelled.content[0].text) == {
        "errors": {"account": "There is no account “Gir IBAN1”. Did you mean Giro IBAN1?"}
    }


def test_wrong_arguments_and_unknown_tools_are_errors_that_say_what_is_wrong(session: Any) -> None:
    _, (*_, wrong, _, unknown), _ = session
    assert (wrong.is_error, list(json.loads(wrong.content[0].text)["errors"])) == (True, ["date"])
    assert unknown.is_error
    assert json.loads(unknown.content[0].text)["errors"]["tool"].startswith("There is no such tool")


def test_every_call_is_in_the_privacy_ledger(server: Server, session: Any) -> None:
    _, answers, n_before = session
    calls = server.request("GET", "privacy/model-calls/?purpose=mcp")[1]["results"]
    calls = calls[: len(calls) - n_before][-len(answers) :]
    assert [call["request"] for call in reversed(calls)] == [answer.content[0].text for answer in answers]
    assert [call["outcome"] for call in reversed(calls)] == ["answered", "answered", "failed", "failed", "failed"]
    assert json.loads(calls[-1]["response"]) == {"tool": "summary", "arguments": OCTOBER}
    assert calls[-1]["endpoint"] == "stdio"


@pytest.mark.logs_errors
def test_a_tool_that_crashes_is_logged_and_tells_a_program_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"no such row: {IBAN}")

    monkeypatch.setattr(mcp_server, "_answer", crash)
    monkeypatch.setattr("insights.mcp_server.connections.close_all", lambda: None)
    _, (answer,) = ask(mcp_server.make_server(lambda: 1, endpoint="here"), ("summary", OCTOBER))
    assert (answer.is_error, [one.text for one in answer.content]) == (
        True,
        ["The tool has failed. The server's log says why."],
    )
    [record] = [one for one in caplog.records if one.name == "insights.mcp_server"]
    assert record.getMessage() == "A call over the Model Context Protocol has failed."
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == f"no such row: {IBAN}"


def test_over_http_a_token_names_the_ledger(server: Server) -> None:
    token = server.request("POST", "auth/tokens/", {"name": "Assistant", "scope": "read"})[1]["token"]
    with http(server) as address:
        _, (summary,) = ask(over_http(address, token), ("summary", OCTOBER))
        assert json.loads(summary.content[0].text)["figures"]
        without = httpx2.post(address, json={})
        assert (without.status_code, without.json()["error"]) == (401, "invalid_token")
        wrong = httpx2.post(address, json={}, headers={"Authorization": "Bearer nonsense"})
        assert wrong.status_code == 401
        other_site = httpx2.post(
            address, json={}, headers={"Authorization": f"Bearer {token}", "Origin": "https://example.org"}
        )
        assert other_site.status_code == 403


def test_the_command_names_a_user_that_is_not_there(server: Server) -> None:
    command = [sys.executable, "manage.py", "mcp", "--user", "nobody"]
    ended = subprocess.run(command, cwd=BASE_DIR, env=server.environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stderr) == (1, "CommandError: There is no active user 'nobody'.\n")
