"""What a file is, by its content, and what it may be called."""

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
    """The sentence tells what would be accepted."""


@dataclass(frozen=True, slots=True)
class Described:
    """A file that is accepted: its type as found in the content, a name that is safe to show, its digest."""

    name: str
    media_type: str
    sha256: str


def describe_file(data: bytes, *, name: str) -> Described:
    """Raises RefusedFile for an empty file and for types other than pages and pictures, whatever the name says."""
    if not data:
        raise RefusedFile("The file is empty.")
    found = filetype.guess_mime(data)
    if found not in ACCEPTED:
        raise RefusedFile(f"By its content the file is none of {', '.join(ACCEPTED.values())}.")
    return Described(safe_name(name), str(found), hashlib.sha256(data).hexdigest())


def safe_name(name: str) -> str:
    """The last part of a path, on whatever system it was one, without characters that cannot be seen."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return visible[-NAME_LENGTH:] or "file"
