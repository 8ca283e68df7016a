"""The parsers of JSON and of forms, which refuse large and deeply nested bodies early."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError

MAX_DEPTH = 32


class BodyTooLarge(APIException):
    """The body has too many bytes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large; send less at a time."
    default_code = "body_too_large"


class JSONParser(parsers.JSONParser):
    """A JSON parser with limits: Django's limit of the size holds only for bodies that Django reads itself."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            data = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise _too_deep() from None
        except ParseError as error:
            raise ParseError(_place_of(error.__context__)) from None
        if _is_deeper_than(data, MAX_DEPTH):
            raise _too_deep()
        return data


#: Bytes of a form beside its file.
_FORM_MARGIN = 1 << 20


class FormParser(parsers.MultiPartParser):
    """A parser of forms with a file. It refuses a form that is larger than any file may be, and reads none of it."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        if is_form_too_large((parser_context or {})["request"].META):
            raise BodyTooLarge
        return super().parse(stream, media_type, parser_context)


def is_form_too_large(headers: Mapping[str, Any], *, most: int | None = None) -> bool:
    """Return True if the length that a request gives is beyond the largest file; servers read no more than it.

    `most` are the bytes of the file; None is the larger one of a statement and an attachment.
    """
    length = str(headers.get("CONTENT_LENGTH") or "")
    limit = max(settings.IMPORT_MAX_BYTES, settings.ATTACHMENT_MAX_BYTES) if most is None else most
    return length.isdigit() and int(length) > limit + _FORM_MARGIN


def _place_of(cause: BaseException | None) -> str:
    """Return the sentence that says where a body stops being JSON."""
    if isinstance(cause, json.JSONDecodeError):
        return f"This is not JSON: look at line {cause.lineno}, character {cause.colno}."
    if isinstance(cause, UnicodeDecodeError):
        return "Send the JSON in UTF-8."
    return "This is not JSON: NaN, Infinity and very long numbers are not part of it."


def _too_deep() -> ParseError:
    return ParseError(f"The JSON is nested more than {MAX_DEPTH} levels deep.", code="too_deep")


def _is_deeper_than(data: Any, limit: int) -> bool:
    level = [data]
    for _ in range(limit + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
    return bool(level)
