"""Answers a report as a chart: `?format=svg`, `?format=png`, or by the `Accept` header."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from insights.charts.drawing import Chart, draw, paint


class SvgRenderer(BaseRenderer):
    """Draws the chart that the view makes of its body."""

    media_type = "image/svg+xml"
    format = "svg"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else draw(renderer_context["view"].chart(data))


class PngRenderer(SvgRenderer):
    """Draws the chart as a PNG."""

    media_type = "image/png"
    format = "png"
    charset = None  # type: ignore[assignment]
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        svg = super().render(data, accepted_media_type, renderer_context)
        return paint(svg) if svg else b""


class ChartMixin:
    """A view whose answers can be drawn."""

    renderer_classes: Sequence[type[BaseRenderer]] = [JSONRenderer, SvgRenderer, PngRenderer]
    #: Makes the chart of a body.
    chart: Callable[[Mapping[str, Any]], Chart]

    def body_of(self, report: Any) -> dict[str, Any]:
        """Return the JSON body of a report."""
        body: dict[str, Any] = _serializer(self.serializer_class).to_representation(report)  # type: ignore[attr-defined]
        return body


@cache
def _serializer(kind: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the one serializer of its kind: to build the fields of a report takes longer than to use them."""
    return kind()


def chart_schema(
    operation: str,
    query: type[serializers.Serializer[Any]],
    body: type[serializers.Serializer[Any]],
    *parameters: OpenApiParameter,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Describe a report in the OpenAPI document: a body, and its chart in two formats."""
    picture = OpenApiTypes.BINARY
    responses = {(200, "application/json"): body, (200, "image/svg+xml"): picture, (200, "image/png"): picture}
    return extend_schema(operation_id=operation, parameters=[query, *parameters], responses=responses)
