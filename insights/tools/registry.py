"""All tools by name: their parameters as a JSON schema, and one function that runs them."""

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from rest_framework import serializers

from accounts.misspellings import did_you_mean
from insights.tools.base import Asker, Tool, ToolAnswer
from insights.tools.outlook import BALANCE, FORECAST, RECURRING
from insights.tools.payments import SEARCH, TOP
from insights.tools.sums import COMPARE, SUMMARY

#: Words of OpenAPI that JSON Schema does not know.
NOT_JSON_SCHEMA = {"nullable", "readOnly", "x-spec-enum-id"}
TOOLS: dict[str, Tool] = {tool.name: tool for tool in (SUMMARY, TOP, SEARCH, COMPARE, RECURRING, FORECAST, BALANCE)}


def run_tool(asker: Asker, name: str, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Check the arguments and run a tool. Raises ValidationError as the API would for such a body."""
    tool = TOOLS.get(name)
    if tool is None:
        detail = f"There is no such tool; known are {', '.join(TOOLS)}.{did_you_mean(name, TOOLS)}"
        raise serializers.ValidationError({"tool": detail}, code="unknown")
    context = {"catalog": asker.catalog, "request": SimpleNamespace(user=asker.user)}
    query = tool.parameters(data=dict(arguments), context=context)
    query.is_valid(raise_exception=True)
    return tool.run(asker, query)


@cache
def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON schema of a tool's parameters, without references, as models and MCP take it."""
    inspector: Any = AutoSchema()
    inspector.registry = ComponentRegistry()
    inspector.method = "POST"
    inspector.view = SimpleNamespace(request=None, versioning_class=None)
    body = inspector._map_basic_serializer(TOOLS[name].parameters(), "request")  # noqa: SLF001 - it has no public way
    schemas = inspector.registry.build({}).get("schemas", {})
    return {**_without_references(body, schemas), "additionalProperties": False}


def _without_references(schema: Any, schemas: Mapping[str, Any]) -> Any:
    """Put the named schemas where references to them are; models follow no references."""
    if isinstance(schema, list):
        return [_without_references(one, schemas) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _without_references(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if len(schema.get("allOf", [])) == 1:
        rest = {name: value for name, value in schema.items() if name != "allOf"}
        return _without_references({**schema["allOf"][0], **rest}, schemas)
    return {name: _without_references(value, schemas) for name, value in schema.items() if name not in NOT_JSON_SCHEMA}
