"""The type of an uploaded file by its content, and its name without danger."""

import hashlib
import unicodedata
from dataclasses import dataclass

import filetype

#: Media types of receipts: pages and pictures. Nothing that a browser would run.
ACCEPTED = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/heic": "HEIC",
    "image/tiff": "TIFF",
}
NAME_LENGTH = 200


class RefusedFile(Exception):
    """A file of a type that is not accepted; the sentence names the accepted ones."""


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """An accepted file: a name that is safe to show, the type found in its content, its digest."""

    name: str
    media_type: str
    sha256: str


def describe_file(data: bytes, *, name: str) -> AcceptedFile:
    """Describe a file by its content. Raises RefusedFile unless it is a page or a picture."""
    if not data:
        raise RefusedFile("The file is empty.")
    found = filetype.guess_mime(data)
    if found not in ACCEPTED:
        raise RefusedFile(f"By its content the file is none of {', '.join(ACCEPTED.values())}.")
    return AcceptedFile(safe_name(name), str(found), hashlib.sha256(data).hexdigest())


def safe_name(name: str) -> str:
    """Return the last part of a path, of any system, without invisible characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return visible[-NAME_LENGTH:] or "file"
