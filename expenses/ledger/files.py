"""The type and size of an uploaded file by its content, and its name without danger."""

import hashlib
import unicodedata
from dataclasses import dataclass
from io import BytesIO

import filetype
import imagesize

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
#: Bytes of a picture that are read for its size: a hostile header would take seconds.
HEADER_BYTES = 512 * 1024


class RefusedFile(Exception):
    """A file that is not accepted; the sentence says why."""

    def __init__(self, detail: str, *, code: str = "invalid_type") -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """An accepted file: a name that is safe to show, the type found in its content, its digest."""

    name: str
    media_type: str
    sha256: str


class _Header(BytesIO):
    """The header of a picture, wherever it lies in the file. It counts what is read, and what is skipped is free."""

    left = HEADER_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.left -= len(data)
        if self.left < 0:
            raise EOFError
        return data


def describe_file(data: bytes, *, name: str, most_megapixels: int) -> AcceptedFile:
    """Describe a file by its content. Raises RefusedFile unless it is a page, or a picture that is not too large."""
    if not data:
        raise RefusedFile("The file is empty.")
    found = filetype.guess_mime(data)
    if found not in ACCEPTED:
        raise RefusedFile(f"By its content the file is none of {', '.join(ACCEPTED.values())}.")
    if found.startswith("image/"):
        _require_size(data, media_type=found, most_megapixels=most_megapixels)
    return AcceptedFile(safe_name(name), str(found), hashlib.sha256(data).hexdigest())


def _require_size(data: bytes, *, media_type: str, most_megapixels: int) -> None:
    """Raises RefusedFile for a picture whose header says too much, or nothing. It reads the header alone."""
    # Without its turn, which a hostile header makes slow to find. A header that cannot be read gives -1.
    width, height = imagesize.get(_Header(data), exif_rotation=False)
    if media_type == "image/gif" and (width, height) != (-1, -1):  # its sides are read as numbers with a sign
        width, height = width % 2**16, height % 2**16
    if width < 1 or height < 1:
        detail = "The header of the picture does not say its size, so the file is damaged. Send the whole picture."
        raise RefusedFile(detail, code="invalid_image")
    if width * height > most_megapixels * 1_000_000:
        size = f"{width:,} by {height:,} pixels, or {width * height / 1e6:,.1f} megapixels"
        detail = f"The picture has {size}, and at most {most_megapixels:,} are accepted. Send a smaller one."
        raise RefusedFile(detail, code="too_many_pixels")


def safe_name(name: str) -> str:
    """Return the last part of a path, of any system, without invisible characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return visible[-NAME_LENGTH:] or "file"
