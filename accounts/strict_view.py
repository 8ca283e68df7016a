"""A view that refuses what its operation in the OpenAPI document does not name, so that no word of a client is lost."""

from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from django.http import Http404
from drf_spectacular.plumbing import ComponentRegistry
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.strict_serializer import refuse_unknown

S = TypeVar("S", bound=serializers.BaseSerializer[Any])


class Accepted(NamedTuple):
    """Query parameters of an operation, and whether it takes a body."""

    #: Name → True if it may be given more than once.
    parameters: Mapping[str, bool]
    takes_body: bool


#: View class and handler → what the document says of the operation. To ask the document takes milliseconds.
_accepted: dict[tuple[type[APIView], str], Accepted] = {}
#: Only one thread asks at a time: drf-spectacular loads its extensions at the first question, without a lock.
_document = Lock()


class StrictView(APIView):
    """A view that answers unknown query parameters with 400, and a body where it takes none."""

    #: Query parameters that are accepted besides those of the document.
    common_parameters = frozenset({"format"})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks, then what is asked."""
        super().initial(request, *args, **kwargs)
        method = str(request.method).lower()
        name = getattr(self, "action", None) or method
        if method == "options" or method not in self.http_method_names or not hasattr(self, name):
            return
        key = type(self), name
        if key not in _accepted:
            with _document:
                _accepted[key] = self._read_document(name)
        accepted = _accepted[key]
        self._check_parameters(accepted.parameters)
        if request.method not in SAFE_METHODS and not accepted.takes_body:
            self._refuse_body()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Return the renderer. An unknown format is an error of the request, not a missing page."""
        try:
            return super().perform_content_negotiation(request, force)
        except Http404:
            known = ", ".join(dict.fromkeys(str(renderer.format) for renderer in self.renderer_classes))
            raise ValidationError({"format": f"There is no such format; known are {known}."}, "unknown") from None

    def get_serializer_context(self) -> dict[str, Any]:
        return {"request": self.request, "view": self}

    def checked(
        self,
        serializer: type[S],
        instance: Any = None,
        *,
        data: Any = None,
        partial: bool | None = None,
        **context: Any,
    ) -> S:
        """Return a validated serializer of the request's body, or of `data`. Raises ValidationError.

        A PATCH of a row is partial, unless `partial` says otherwise.
        """
        body = serializer(
            instance,
            data=self.request.data if data is None else data,
            partial=instance is not None and self.request.method == "PATCH" if partial is None else partial,
            context=self.get_serializer_context() | context,
        )
        body.is_valid(raise_exception=True)
        return body

    def _read_document(self, name: str) -> Accepted:
        """Return what the OpenAPI document says of the operation that the handler of this name answers."""
        schema: Any = getattr(getattr(self, name), "kwargs", {}).get("schema")
        described: Any = self.schema if schema is None else schema()
        described.view = self
        method, path = str(self.request.method).replace("HEAD", "GET"), self.request.path
        operation = described.get_operation(path, path, "", method, ComponentRegistry()) or {}
        parameters = {
            parameter["name"]: parameter["schema"].get("type") == "array" and parameter.get("explode", True)
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query"
        }
        return Accepted(parameters, "requestBody" in operation)

    def _check_parameters(self, known: Mapping[str, bool]) -> None:
        given = self.request.query_params
        refuse_unknown(given, known, besides=self.common_parameters, what="parameter")
        if repeated := [name for name in given if len(given.getlist(name)) > 1 and not known.get(name)]:
            raise ValidationError(dict.fromkeys(repeated, "Give it once."), code="repeated")

    def _refuse_body(self) -> None:
        body = self.request.data
        refuse_unknown(body if isinstance(body, Mapping) else (), (), what="field")
        if body is not None and not isinstance(body, Mapping):
            raise ValidationError("This request takes no body.", code="unknown")
