"""The OpenAPI document: every operation names its errors; the one envelope is described once."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from config.keys import HEADER, KEY, takes_key


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Describes the header of our own class of authentication."""

    target_class = "accounts.authentication.TokenAuthentication"


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One wrong field; `attr` is its path such as `conditions.0.op`, null where no field is to blame."""

    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details as RFC 9457 has them, with the failing fields named."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


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
    "422": f"The {HEADER} came with another request before.",
}
KEY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    "description": "Makes it safe to send the request again: for 24 hours a repeat with the same key gets the first "
    "answer and changes nothing. While the first request is being worked on, a repeat gets 409 with `Retry-After`.",
}


class ProblemSchema(AutoSchema):
    """Adds to each operation the errors that it can answer, and to each that writes the key of its repeats."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            self._add_body_of_delete(operation)
            codes = self._error_codes(operation)
            if takes_key(self.method, self.path):
                codes = sorted({*codes, *_describe_repeats(operation)})
            problem = self.resolve_serializer(ProblemSerializer, "response").ref
            content = {"application/problem+json": {"schema": problem}}
            for code in [*codes, *self._codes_of_rates()]:
                operation["responses"].setdefault(code, {"description": ERRORS[code], "content": content})
        return operation

    def _error_codes(self, operation: dict[str, Any]) -> list[str]:
        codes = {"412"} if "{" in self.path and self.method not in {"GET", "HEAD"} else set[str]()
        if self.view.permission_classes and self.get_auth():
            codes |= {"401"}
        # OpenAPI 3.0 has no words for the body of a DELETE, by which one says which of many go.
        has_body = "requestBody" in operation or (self.method == "DELETE" and "{" not in self.path)
        if has_body or operation.get("parameters"):
            codes |= {"400"}
        if self.method not in {"GET", "HEAD"}:
            codes |= {"403", "409"}
        if has_body:
            codes |= {"413", "415"}
        if "{" in self.path or any(p["name"] == "page" for p in operation.get("parameters", [])):
            codes |= {"404"}
        codes |= set(getattr(self.view, "error_codes", ()))
        return sorted(codes)

    def _codes_of_rates(self) -> list[str]:
        doing = getattr(self.view, "action", None) or self.method.lower()
        return ["429"] if doing in getattr(self.view, "rates", ()) else []

    def _add_body_of_delete(self, operation: dict[str, Any]) -> None:
        """Most deletions have no body, and drf-spectacular knows of none."""
        body = getattr(self.view, "body_of_delete", None)
        if self.method == "DELETE" and body is not None:
            schema = self.resolve_serializer(body, "request").ref
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}


def _describe_repeats(operation: dict[str, Any]) -> set[str]:
    """Add the key, and what a repeat is answered. Returns the errors that a key may bring."""
    operation["parameters"] = [*operation.get("parameters", []), KEY_PARAMETER]
    created = operation["responses"].get("201")
    if created is not None:
        operation["responses"].setdefault(
            "200", {**created, "description": "It was created by the same request before."}
        )
    return {"400", "409", "422"}
