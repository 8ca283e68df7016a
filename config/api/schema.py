"""The OpenAPI document, with errors and examples of every operation."""

import json
import re
from collections.abc import Iterator
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
        body = getattr(self.view, "body_of_delete", None)  # drf-spectacular knows no body of a DELETE
        if self.method == "DELETE" and body is not None:
            schema = self.resolve_serializer(body, "request").ref
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
        codes = self._error_codes(operation)
        if takes_key(self.method, self.path):
            codes |= {"400", "409", "422"}
            operation["parameters"] = [*operation.get("parameters", []), KEY_PARAMETER]
            if created := operation["responses"].get("201"):
                repeated = {**created, "description": "It was created by the same request before."}
                operation["responses"].setdefault("200", repeated)
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        content = {"application/problem+json": {"schema": problem}}
        action = getattr(self.view, "action", None) or self.method.lower()
        has_rate = action in getattr(self.view, "rates", ())
        for code in [*sorted(codes), *(["429"] if has_rate else [])]:
            operation["responses"].setdefault(code, {"description": ERRORS[code], "content": content})
        return operation

    def _error_codes(self, operation: dict[str, Any]) -> set[str]:
        is_write = self.method not in {"GET", "HEAD"}
        codes = {"412"} if "{" in self.path and is_write else set[str]()
        if self.view.permission_classes and self.get_auth():
            codes |= {"401"}
        # OpenAPI 3.0 has no body of a DELETE, which names the rows to delete.
        has_body = "requestBody" in operation or (self.method == "DELETE" and "{" not in self.path)
        if has_body or operation.get("parameters"):
            codes |= {"400"}
        if is_write:
            codes |= {"403", "409"}
        if has_body:
            codes |= {"413", "415"}
        if "{" in self.path or any(p["name"] == "page" for p in operation.get("parameters", [])):
            codes |= {"404"}
        return codes | set(getattr(self.view, "error_codes", ()))


def _name(noun: str, *, has_article: str | None, is_many: str) -> str:
    """Return the noun as a sentence has the word transaction: with an article, or as a plural."""
    if is_many:
        return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    article = "an " if noun[0] in "aeiou" else "a "
    return article + noun if has_article else noun


#: Component → an example of it, which the API really read or gave (tests/api/test_examples.py).
EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every body of every operation its component's example. A hook of drf-spectacular."""
    for media in _bodies(result):
        component = media["schema"].get("$ref", "").rpartition("/")[2]
        if component.startswith("Paginated"):
            item = EXAMPLES.get(component.removeprefix("Paginated").removesuffix("List"))
            example = item and {"count": 1, "next": None, "previous": None, "results": [item]}
        else:
            example = EXAMPLES.get(component)
        if example is not None:
            media["example"] = example
    return result


def _bodies(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in result["paths"].values():
        for operation in operations.values():
            yield from operation.get("requestBody", {}).get("content", {}).values()
            for response in operation["responses"].values():
                yield from response.get("content", {}).values()
