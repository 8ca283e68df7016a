"""Tells whether two requests are the same one sent twice."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

#: A form up to this size waits in memory, a larger one in a temporary file.
IN_MEMORY_BYTES = 1024 * 1024


@contextmanager
def received(request: WSGIRequest) -> Iterator[str]:
    """Receive the whole body, give the request's fingerprint, and leave the body to be read again until the end.

    Whoever opens a transaction inside does not hold its locks while a slow client sends. The fingerprint is the SHA-256
    of method, address and body, in hexadecimal; a form counts by its fields and files, since clients put another
    boundary between them each time. Raises RequestDataTooBig for a body that is no form and too large for memory.
    """
    if request.content_type != "multipart/form-data":
        yield _digest(request, hashlib.sha256(request.body).hexdigest())
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as form:
        copyfileobj(request._stream, form)  # noqa: SLF001 - `read` would forbid the view to read
        content = _content_of(request, form)
        form.seek(0)
        request._stream = cast(BinaryIO, form)  # noqa: SLF001 - as if nobody had read it
        yield _digest(request, content)


def _digest(request: WSGIRequest, content: object) -> str:
    return hashlib.sha256(repr((request.method, request.get_full_path(), content)).encode()).hexdigest()


def _content_of(request: WSGIRequest, form: Any) -> object:
    """Fields and files, or the bytes of a form that cannot be read, which the view will refuse in its own words."""
    files = FileDigests(request)
    form.seek(0)
    try:
        fields, _ = MultiPartParser(request.META, form, [files], request.encoding or "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation):
        form.seek(0)
        return hashlib.file_digest(form, "sha256").hexdigest()
    return sorted(fields.lists()), files.found


class FileDigests(FileUploadHandler):
    """Keeps nothing of a form's files but what tells them apart."""

    def __init__(self, request: WSGIRequest) -> None:
        super().__init__(request)
        self.found: list[tuple[str, str, str]] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.content.update(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.found.append((str(self.field_name), str(self.file_name), self.content.hexdigest()))
