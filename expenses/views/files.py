"""Answers that are files: their media types, names and descriptions in the OpenAPI document."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ANY_FILE = "application/octet-stream"
Handler = TypeVar("Handler", bound=Callable[..., HttpResponseBase])


class FileRenderer(BaseRenderer):
    """Names the media type of a file. The view writes the file itself, because it may be sent in parts."""

    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b""


def file_renderers(media_type: str, name: str) -> list[type[BaseRenderer]]:
    """Return the renderers of a file: its own media type, and that of any file. Errors are JSON in any case."""
    own = type("OwnTypeRenderer", (FileRenderer,), {"media_type": media_type, "format": name})
    any_file = type("AnyFileRenderer", (FileRenderer,), {"media_type": ANY_FILE, "format": name})
    return [own, any_file]


def file_schema(
    operation: str, media_type: str, *parameters: Any, filters: bool | None = None
) -> Callable[[Handler], Handler]:
    """Describe a file in the OpenAPI document. Generators of clients may know only the second media type."""
    responses = {(200, media_type): OpenApiTypes.BINARY, (200, ANY_FILE): OpenApiTypes.BINARY}
    described: Callable[[Handler], Handler] = extend_schema(
        operation_id=operation, filters=filters, parameters=list(parameters), responses=responses
    )
    return described


def file_headers(request: Request, name: str) -> dict[str, str]:
    """Return the headers of a file: the media type that the client accepts, and the name to save it under."""
    media_type = str(request.accepted_renderer.media_type)
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return {"Content-Type": media_type + charset, "Content-Disposition": f'attachment; filename="{name}"'}
