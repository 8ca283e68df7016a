"""The OpenAPI document, with errors and examples of every operation."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from rest_framework import serializers

from config.api.groups import group_of
from config.api.idempotency import KEY, KEY_HEADER, takes_key


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """The header of our own authentication class."""

    target_class = "accounts.access.TokenAuthentication"


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One wrong field; `attr` is its path such as `conditions.0.op`, null where no field is to blame."""

    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details of RFC 9457, with the failing fields named."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Also in the header `X-Request-ID`, and in the server's log.")


ERRORS = {
    "400": "A field is missing or wrong.",
    "401": "The token is missing, wrong or expired.",
    "403": "You may not do this.",
    "404": "There is no such thing, or it is not yours.",
    "409": "It does not go together with what is there.",
    "412": "It was changed since the version that `If-Match` names.",
    "413": "The body is too large.",
    "415": "The body is of a media type that is not read.",
    "429": "Too often, or too many wrong passwords; `Retry-After` says how many seconds to wait.",
    "422": f"The {KEY_HEADER} came with another request before.",
}
KEY_PARAMETER = {
    "in": "header",
    "name": KEY_HEADER,
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    "description": "Makes it safe to send the request again: for 24 hours a repeat with the same key gets the first "
    "answer and changes nothing. While the first request is being worked on, a repeat gets 409 with `Retry-After`.",
}


#: Summaries of actions that every resource has, in the words of transactions.
RESOURCE_ACTIONS = {
    "list": "List transactions.",
    "create": "Create a transaction.",
    "retrieve": "Get a transaction.",
    "update": "Replace a transaction.",
    "partial_update": "Change a transaction.",
    "destroy": "Delete a transaction.",
}
TRANSACTION = re.compile(r"\b(a )?transaction(s?)\b")


class OperationSchema(AutoSchema):
    """Describes an operation by its docstring, and adds its possible errors and the idempotency key.

    The first sentence of the docstring is the summary, the others are the description.
    """

    def get_tags(self) -> list[str]:
        return [group_of(self.path)]

    def get_summary(self) -> str:
        return self._sentences()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return self._sentences()[1]

    def _sentences(self) -> tuple[str, str]:
        """Return the first sentence of the docstring without its period, and the others."""
        action = getattr(self.view, "action", None) or self.method.lower()
        own = get_doc(getattr(self.view, action))
        text = own or RESOURCE_ACTIONS.get(action) or get_doc(type(self.view))
        is_about_transactions = not own or action not in vars(type(self.view))  # an expense inherits its views
        queryset = getattr(self.view, "queryset", None)
        if is_about_transactions and queryset is not None:
            noun = getattr(self.view, "noun", None) or str(queryset.model._meta.verbose_name)
            text = TRANSACTION.sub(lambda found: _name(noun, has_article=found[1], is_many=found[2]), text)
        first, *others = re.split(r"\.(?:\s+|$)", text, maxsplit=1)
        return first, others[0] if others else ""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        action = getattr(self.view, "action", None) or self.method.lower()
        body = getattr(self.view, "bodies_of_delete", {}).get(action)  # drf-spectacular knows no body of a DELETE
        if self.method == "DELETE" and body is not None:
            schema = self.resolve_serializer(body, "request").ref
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
        codes = self._error_codes(operation)
        if takes_key(self.method, self.path):
            operation["parameters"] = [*operation.get("parameters", []), KEY_PARAMETER]
            if created := operation["responses"].get("201"):
                repeated = {**created, "description": "It was created by the same request before."}
                operation["responses"].setdefault("200", repeated)
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        for code in sorted(codes):
            content = {"application/problem+json": {"schema": problem}}
            operation["responses"].setdefault(code, {"description": ERRORS[code], "content": content})
        return operation

    def _error_codes(self, operation: dict[str, Any]) -> set[str]:
        """Return the statuses of all errors that a request can get. A test provokes every one of them."""
        view, action = self.view, getattr(self.view, "action", None) or self.method.lower()
        is_write = self.method not in {"GET", "HEAD"}
        parameters = operation.get("parameters", [])
        has_body = "requestBody" in operation
        possible = {
            "400": True,  # any operation refuses unknown parameters
            "401": any(self.get_auth()),
            "403": any(self.get_auth()) and is_write and not getattr(view, "is_open_to_read_tokens", False),
            "404": "{" in self.path or any(parameter["name"] == "page" for parameter in parameters),
            "409": takes_key(self.method, self.path),
            "412": is_write and "{" in self.path and getattr(view, "is_guarded", False),
            "413": has_body,
            "415": has_body,
            "422": takes_key(self.method, self.path),
            "429": action in getattr(view, "rates", ()),
        }
        own: Mapping[str, tuple[str, ...]] = getattr(view, "error_codes", {})
        return {code for code, is_possible in possible.items() if is_possible} | set(own.get(action, ()))


def _name(noun: str, *, has_article: str | None, is_many: str) -> str:
    """Return the noun as a sentence has the word transaction: with an article, or as a plural."""
    if is_many:
        return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    article = "an " if noun[0] in "aeiou" else "a "
    return article + noun if has_article else noun


_HERE = Path(__file__).parent
#: Component → an example of it, which the API really read or gave (tests/api/test_examples.py).
EXAMPLES: dict[str, Any] = json.loads((_HERE / "examples.json").read_text())
#: Bodies of real refusals by name, and the name for each operation and status.
REFUSALS: dict[str, dict[str, Any]] = json.loads((_HERE / "refusals.json").read_text())


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every body of every operation an example. A hook of drf-spectacular."""
    used: dict[str, Any] = {}
    for operation in operations_of(result):
        refusals = REFUSALS["operations"].get(operation["operationId"], {})
        for code, media in _bodies(operation):
            name = refusals.get(code) or media["schema"].get("$ref", "").rpartition("/")[2]
            other = {"202": f"Reading{name}", "503": f"Failing{name}"}.get(code)
            name = other if other in EXAMPLES else name
            value = REFUSALS["examples"].get(name) if code in refusals else _example_of(name)
            if value is not None:
                used[name] = value
                media["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}
    result["components"]["examples"] = {name: {"value": used[name]} for name in sorted(used)}
    return result


def _example_of(component: str) -> Any:
    """Return the example of a component, or of a page with one."""
    if not component.startswith("Paginated"):
        return EXAMPLES.get(component)
    item = EXAMPLES.get(component.removeprefix("Paginated").removesuffix("List"))
    return item and {"count": 1, "next": None, "previous": None, "results": [item]}


def operations_of(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every operation of the document."""
    for operations in result["paths"].values():
        yield from operations.values()


def _bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the bodies of an operation with their statuses, which are empty for the request."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "", media
    for code, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            yield code, media
