"""The OpenAPI document over HTTP, and the pages that show it."""

import hashlib
import json
from functools import cache
from http import HTTPStatus

import yaml
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular import renderers
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.strict_view import StrictView

#: The committed document, which a test proves to be the one that the code describes.
PATH = settings.BASE_DIR / "docs" / "openapi.yaml"


@cache
def document(form: str) -> tuple[bytes, str]:
    """Return the document as `yaml` or `json`, and its ETag."""
    content = PATH.read_bytes()
    if form == "json":
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = json.dumps(yaml.load(content, Loader=loader), ensure_ascii=False).encode()  # noqa: S506 - both are safe
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


class DocumentView(StrictView):
    """The document for programs, in YAML or JSON. A browser shows it as text."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = [
        renderers.OpenApiYamlRenderer,
        renderers.OpenApiYamlRenderer2,
        renderers.OpenApiJsonRenderer2,
        renderers.OpenApiJsonRenderer,
    ]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Return the bytes of the document, or 304."""
        renderer = request.accepted_renderer
        content, etag = document(renderer.format)
        media_type = renderer.media_type
        if "text/html" in request.headers.get("Accept", "") and renderer.format == "yaml":
            media_type = "text/plain"  # a browser saves types that it does not know
        answer = HttpResponse(content, status=HTTPStatus.OK, content_type=f"{media_type}; charset=utf-8")
        answer["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=answer) or answer


class _LocalPage(StrictView):
    """A page that asks no other host, so that it works without internet."""

    metadata_class = None

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        # The bundles style themselves inline and know foreign images.
        policy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        policy += "img-src 'self' data:; worker-src 'self' blob:"
        response.headers["Content-Security-Policy"] = policy
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # no other site opens it to sign in
        return response


class SwaggerView(_LocalPage, SpectacularSwaggerView):
    """The document to try out."""


class RedocView(_LocalPage, SpectacularRedocView):
    """The document to read."""

    template_name = "config/redoc.html"
