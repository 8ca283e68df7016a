"""The directory of a zip, read with care: nothing is unpacked before its size is known."""

import io
import struct
import zipfile
import zlib

from statements.importer import UnreadableFile

MAGIC = b"PK\x03\x04"
#: The first bytes of a zip with and without members.
ZIP_MARKS = (MAGIC, b"PK\x05\x06")
#: Names in documents and in copies of other programs, which are zips, too.
DOCUMENTS = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF", "Index/Document.iwa"})
MAX_MEMBERS = 2000
_END, _END_64, _LOCATOR_64 = ZIP_MARKS[1], b"PK\x06\x06", b"PK\x06\x07"
#: Bytes of a directory; one entry takes 46 and its name.
_MAX_DIRECTORY = 1 << 20
_TAIL = 22 + 65535 + 20 + 56


def members_of(data: bytes) -> list[zipfile.ZipInfo]:
    """Return the entries of the directory, folders left out. Raises `UnreadableFile`."""
    tail = data[-_TAIL:]
    end = tail.rfind(_END)
    size = struct.unpack_from("<I", tail, end + 12)[0] if 0 <= end <= len(tail) - 22 else 0
    if _LOCATOR_64 in tail and (end_64 := tail.rfind(_END_64)) >= 0 and len(tail) - end_64 >= 56:
        size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, end_64 + 40)[0])
    if size > _MAX_DIRECTORY:
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
        raise UnreadableFile(
            "damaged", "This file is damaged, or a part of it is missing. Download it again and upload that file."
        ) from None
    if len(entries) > MAX_MEMBERS:
        raise _too_many()
    return entries


def _too_many() -> UnreadableFile:
    return UnreadableFile(
        "too_many_members", f"The archive holds more than {MAX_MEMBERS} files. Upload fewer statements at once."
    )


def names_of(data: bytes) -> frozenset[str]:
    """Return the names in the directory; none if the file is no readable zip."""
    if not data.startswith(ZIP_MARKS):
        return frozenset()
    try:
        return frozenset(info.filename for info in members_of(data))
    except UnreadableFile:
        return frozenset()


def refusal_of(data: bytes) -> UnreadableFile:
    """Return the refusal of a zip, or of a document that is one, if no importer recognizes it."""
    try:
        names = {info.filename for info in members_of(data)}
    except UnreadableFile as error:
        return error
    if not names:
        return UnreadableFile("empty", "This zip archive is empty. Pack the statements again, and upload that file.")
    if DOCUMENTS.intersection(names):
        detail = "This is a document, and no statement. Save its table as .xlsx or CSV and upload that file."
        return UnreadableFile("document", detail)
    return UnreadableFile("archive", "This archive holds no statements. Upload the files of your bank instead.")


def content_of(data: bytes, info: zipfile.ZipInfo, *, most: int) -> bytes:
    """Return one member, unpacked in memory. Raises `UnreadableFile` if it is damaged, locked, or larger than `most`.

    The size that the directory gives may be a lie, so no more than `most` bytes are unpacked.
    """
    if info.flag_bits & 0x1:
        raise UnreadableFile(
            "encrypted", f"“{info.filename}” is protected by a password. Unpack it, and upload the statement inside."
        )
    too_large = UnreadableFile(
        "too_large", f"“{info.filename}” is larger than {most >> 20} MB unpacked. Download a shorter period."
    )
    if info.file_size > most:
        raise too_large
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(info) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError, RuntimeError):
        raise UnreadableFile(
            "damaged", f"“{info.filename}” cannot be unpacked. Download the archive again and upload that file."
        ) from None
    if len(content) > most:
        raise too_large
    return content
