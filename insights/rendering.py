"""Answers a report as a chart: `?format=svg`, `?format=png`, or by the `Accept` header."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from insights.charts import Chart
from insights.charts.drawing import draw
from insights.charts.painting import paint


class SvgRenderer(BaseRenderer):
    """Draws the chart that the view makes of its body."""

    media_type = "image/svg+xml"
    format = "svg"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else draw(renderer_context["view"].chart(data))


class PngRenderer(SvgRenderer):
    """The same in dots."""

    media_type = "image/png"
    format = "png"
    charset = None  # type: ignore[assignment]
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        svg = super().render(data, accepted_media_type, renderer_context)
        return paint(svg) if svg else b""


class FormatsNamed:
    """Mixed into a view that tells which formats it has to who asks for another one."""

    renderer_classes: Sequence[type[BaseRenderer]]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """An unknown format is a fault of the request, not an address that leads nowhere."""
        try:
            return super().perform_content_negotiation(request, force)  # type: ignore[misc]
        except Http404:
            known = ", ".join(renderer.format for renderer in self.renderer_classes)
            raise ValidationError({"format": f"There is no such format; known are {known}."}, "unknown") from None


class Charted(FormatsNamed):
    """Mixed into a view whose answers can be drawn; it says by `chart` how."""

    renderer_classes: Sequence[type[BaseRenderer]] = [JSONRenderer, SvgRenderer, PngRenderer]

    def chart(self, body: Mapping[str, Any]) -> Chart:
        """What is drawn of a body."""
        raise NotImplementedError
