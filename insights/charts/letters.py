"""Widths of texts in the font that charts are drawn with, and texts cut to a width. Pure.

The widths are read from the font's own file (OpenType 1.9, tables `cmap`, `hhea`, `hmtx` and `head`).
"""

import struct
from functools import lru_cache
from pathlib import Path

#: Unknown letters, such as Chinese ones, are as wide as they are high.
FULL_WIDTH = 1.0
#: A browser without Roboto takes Helvetica or Arial, whose letters are up to so many times as wide.
WIDEST_FALLBACK = 1.06
ELLIPSIS = "…"


def width_of(text: str, size: float) -> float:
    """Return the width of a line in pixels, in letters of so many pixels; other fonts of the style fit in it, too."""
    known = _advances()
    return WIDEST_FALLBACK * size * sum(known.get(ord(letter), FULL_WIDTH) for letter in text)


def shortened(text: str, size: float, width: float) -> str:
    """Return the text, or as much of its beginning as fits in the width with an ellipsis."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + ELLIPSIS, size) > width:
        text = text[:-1].rstrip()
    return text + ELLIPSIS


@lru_cache(maxsize=1)
def _advances() -> dict[int, float]:
    """Return the widths of all characters of the font in units of its size."""
    from font_roboto import Roboto  # noqa: PLC0415 - read when the first chart is drawn

    font = Path(Roboto).read_bytes()
    n_tables = struct.unpack_from(">H", font, 4)[0]
    entries = (struct.unpack_from(">4s4xII", font, 12 + 16 * place) for place in range(n_tables))
    tables = {name.decode(): offset for name, offset, _ in entries}
    n_metrics = struct.unpack_from(">H", font, tables["hhea"] + 34)[0]
    units = struct.unpack_from(">H", font, tables["head"] + 18)[0]
    advances = struct.unpack_from(">" + "Hh" * n_metrics, font, tables["hmtx"])[::2]
    glyphs = _glyphs(font, tables["cmap"])
    return {letter: advances[min(glyph, n_metrics - 1)] / units for letter, glyph in glyphs.items()}


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Return the number of the glyph of each character, from the subtable of whole Unicode (format 12)."""
    n_subtables = struct.unpack_from(">H", font, cmap + 2)[0]
    offsets = (struct.unpack_from(">4xI", font, cmap + 4 + 8 * place)[0] for place in range(n_subtables))
    subtable = next(cmap + offset for offset in offsets if struct.unpack_from(">H", font, cmap + offset)[0] == 12)
    n_groups = struct.unpack_from(">I", font, subtable + 12)[0]
    found: dict[int, int] = {}
    for first, last, glyph in struct.iter_unpack(">III", font[subtable + 16 : subtable + 16 + 12 * n_groups]):
        found |= {letter: glyph + letter - first for letter in range(first, last + 1)}
    return found
