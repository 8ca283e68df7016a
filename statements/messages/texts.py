"""The text of a file in pieces, so that a large file is not held twice."""

import codecs
from collections.abc import Iterator

from statements.importer import UnreadableFile

_CHUNK = 1 << 16


def text_chunks(data: bytes, encoding: str) -> Iterator[str]:
    """Yield the text of a file piece by piece; bytes that the codec cannot read become U+FFFD.

    Raises UnreadableFile if the codec reads nothing of it, such as UTF-16 without its mark.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    try:
        for start in range(0, len(data), _CHUNK):
            yield decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
    except UnicodeError:
        detail = f"The file is not in {encoding}. Save it as UTF-8, and upload that file."
        raise UnreadableFile("undecodable", detail) from None
