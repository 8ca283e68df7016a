"""Idempotency keys: the requests that take one, and the fingerprint by which a repeat is recognized.

The header is that of draft-ietf-httpapi-idempotency-key-header; docs/retrying.md says what clients may rely on.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from expenses.views.parsers import is_form_too_large

KEY_HEADER = "Idempotency-Key"
#: The address that takes larger files than all others: whole backups.
RESTORE = "/api/v1/restore/"
#: Visible ASCII.
KEY = re.compile(r"[!-~]{1,255}")


def takes_key(method: str, path: str) -> bool:
    """Return True if requests of this kind may have an idempotency key."""
    if method not in {"POST", "PUT", "PATCH", "DELETE"} or not path.startswith("/api/v1/"):
        return False
    if path.startswith("/api/v1/auth/"):  # its answers hold tokens, which are stored nowhere
        return False
    if path.endswith("/revert/"):  # works in many transactions, and is harmless when repeated
        return False
    # A wrong password has to count, which a rollback would undo. A deleted user leaves no answer.
    return path != "/api/v1/users/me/password/" and (method, path) != ("DELETE", "/api/v1/users/me/")


@contextmanager
def received_body(request: WSGIRequest) -> Iterator[str]:
    """Receive the whole body and yield the request's fingerprint. The body can be read again until the block ends.

    A transaction inside the block therefore holds no locks while a slow client sends. The fingerprint is the SHA-256 of
    method, address and body, in hexadecimal. A form counts by its fields and files, since its boundary differs each
    time. Raises RequestDataTooBig for a body that is too large.
    """
    if request.content_type != "multipart/form-data":
        yield _digest(request, hashlib.sha256(request.body).hexdigest())
        return
    most = settings.RESTORE_MAX_BYTES if request.path == RESTORE else None
    if is_form_too_large(request.META, most=most):
        raise RequestDataTooBig
    with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as form:
        copyfileobj(request._stream, form)  # noqa: SLF001 - `read` would forbid the view to read
        content = _content_of(request, form)
        form.seek(0)
        request._stream = cast(BinaryIO, form)  # noqa: SLF001 - as if nothing had been read
        yield _digest(request, content)


def _digest(request: WSGIRequest, content: object) -> str:
    return hashlib.sha256(repr((request.method, request.get_full_path(), content)).encode()).hexdigest()


def _content_of(request: WSGIRequest, form: Any) -> object:
    """Return fields and files, or a hash of the bytes for a malformed form, which the view refuses itself."""
    files = FileDigests(request)
    form.seek(0)
    try:
        fields, _ = MultiPartParser(request.META, form, [files], request.encoding or "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation):
        form.seek(0)
        return hashlib.file_digest(form, "sha256").hexdigest()
    return sorted(fields.lists()), files.found


class FileDigests(FileUploadHandler):
    """Field, name and hash of each file of a form. The content itself is dropped."""

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
