"""Serves the tools that read a ledger over the Model Context Protocol, to a program of its owner.

Nothing is written but the privacy ledger, which keeps each answer before it leaves.
"""

import json
import logging
import socket
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import uvicorn
from anyio import to_thread
from django.conf import settings
from django.db import connections
from mcp.server import Server, ServerRequestContext
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ListedTool
from pydantic import AnyHttpUrl
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from accounts.access import TokenAuthentication
from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.services.model_calls import ModelCallLog
from expenses.services.privacy import choices_of
from insights.tools.base import Asker, errors_for_model
from insights.tools.registry import TOOLS, json_schema, run_tool
from providers.ollama.calls import CallEnd, CallOutcome, CallRequest, Purpose
from providers.redaction import Redactor

logger = logging.getLogger(__name__)
#: The only address that it listens at: programs of this machine.
HOST = "127.0.0.1"


def make_server(user_of: Callable[[], int], *, endpoint: str) -> Server[Any]:
    """Return a server whose calls read the ledger of the user whose id `user_of` returns."""

    async def list_tools(context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(
            tools=[
                ListedTool(
                    name=tool.name,
                    description=tool.description,
                    input_schema=json_schema(tool.name),
                    annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
                )
                for tool in TOOLS.values()
            ]
        )

    async def call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        user, caller = user_of(), _name_of_client(context)

        def read() -> tuple[str, bool]:
            try:
                return _answer(user, params.name, params.arguments or {}, endpoint=endpoint, caller=caller)
            except Exception:  # the package would send its text, which may name anything
                logger.exception("A call over the Model Context Protocol has failed.")
                return "The tool has failed. The server's log says why.", True
            finally:
                connections.close_all()  # each call may run in another thread

        text, is_error = await to_thread.run_sync(read)
        return CallToolResult(content=[TextContent(text=text)], is_error=is_error)

    server = Server(
        "outlay",
        version=settings.VERSION,
        instructions="Tools that read the user's own ledger of expenses. They write nothing.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    server.middleware.clear()  # it would trace each message for OpenTelemetry
    return server


def serve_stdio(user: User) -> None:
    """Serve one program over standard input and output until it closes them."""
    server = make_server(lambda: user.pk, endpoint="stdio")

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def serve_http(listener: socket.socket) -> None:
    """Serve programs of this machine over HTTP at /mcp until stopped. Each names its user by a token."""
    port = listener.getsockname()[1]
    address = f"http://{HOST}:{port}"
    server = make_server(_user_of_token, endpoint=f"{address}/mcp")
    auth = AuthSettings(issuer_url=AnyHttpUrl(address), resource_server_url=None)
    app = server.streamable_http_app(
        json_response=True, stateless_http=True, host=HOST, auth=auth, token_verifier=_TokenVerifier()
    )
    config = uvicorn.Config(app, log_level="warning", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


class _TokenVerifier:
    """Accepts the tokens of the API, also those for reading only."""

    async def verify_token(self, token: str) -> AccessToken | None:
        def read() -> User | None:
            try:
                return TokenAuthentication().authenticate_credentials(token.encode("utf-8", "replace"))[0]
            except AuthenticationFailed:
                return None
            finally:
                connections.close_all()

        user = await to_thread.run_sync(read)
        return None if user is None else AccessToken(token=token, client_id=str(user.pk), scopes=[])


def _user_of_token() -> int:
    token = get_access_token()
    assert token is not None  # noqa: S101 - the server has checked it
    return int(token.client_id)


def _name_of_client(context: ServerRequestContext[Any]) -> str:
    client = context.session.client_params
    return f"{client.client_info.name} {client.client_info.version}".strip() if client is not None else ""


def _answer(user_id: int, name: str, arguments: Mapping[str, Any], *, endpoint: str, caller: str) -> tuple[str, bool]:
    """Return the text that answers a call, and whether it is an error. The privacy ledger keeps both sides first."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return "This user is no longer there, or was deactivated.", True
    asker, is_error = Asker(user, Catalog.load_for(user), user.today()), False
    redactor = Redactor(names=choices_of(asker.ledger_id).names)
    try:
        text = run_tool(asker, name, arguments).for_model(redactor)
    except ValidationError as error:
        text, is_error = errors_for_model(error, redactor), True
    log = ModelCallLog()
    call = log.begin(CallRequest(asker.ledger_id, Purpose.MCP, endpoint, caller, "", "", text))
    received = json.dumps({"tool": name, "arguments": arguments}, ensure_ascii=False)
    outcome = CallOutcome.FAILED if is_error else CallOutcome.ANSWERED
    log.end(call, CallEnd(outcome, received, len(received.encode("utf-8", "replace"))))
    return text, is_error
