"""Detection of a file's encoding: eight-bit files are judged by the letters and header words they would spell."""

import codecs
import re
from collections.abc import Iterable
from itertools import pairwise

from charset_normalizer import from_bytes

from statements.delimited.words import meaning

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Letters beyond ASCII by language, under the code pages that its banks use; the likelier code page first.
_LETTERS: dict[str, tuple[str, ...]] = {
    "cp1252": ("äöüß", "éèêëàâçîïôùûœ", "áéíóúñü", "áâãàçéêíóôõúü", "àèéìòùú", "éëïöüè", "åäöøæé"),
    "cp1250": ("áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű", "áäčďéíĺľňóôŕšťúýž", "ăâîşţ", "čćđšž"),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž"),
    "cp1251": ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгдежзийклмнопрстуфхцчшщьюяєіїґ"),
    "cp1253": ("αβγδεζηθικλμνξοπρστυφχψωάέήίόύώς",),
    "cp1254": ("çğıöşüâî",),
    "cp850": ("äöüß", "éèêëàâçîïôùû", "áéíóúñü"),
    "cp852": ("áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű"),
}
_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f][^\s;,|\"]*")
_PUNCTUATION = set("£€§°«»„“”\u2019\u2018\u2013\u2014…®©²³½\u00b4·№\u00a0")
_SAMPLE_BYTES = 65536
_OPINION_BYTES = 8192
_CHUNK = 1 << 20
#: A file whose bytes beyond ASCII are UTF-8 but for this share is UTF-8 with damage, such as a cut at its end.
_DAMAGED = 0.05
_SURE = 0.85


def detect_encoding(data: bytes) -> str:
    """Return the name of a Python codec for the file. Never fails: Latin-1 reads everything."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    if data.isascii() or decodes(data, "utf-8"):
        return "utf-8"
    sample = b"\n".join(_telling_lines(data))
    beyond = [char for char in sample.decode("utf-8", "replace") if char > "\x7f"]
    if beyond.count("\ufffd") <= _DAMAGED * len(beyond):
        return "utf-8"
    scores = {name: _score(sample, name) for name in _LETTERS if decodes(data, name)}
    best = max(scores, key=lambda name: scores[name], default="")
    if best and scores[best][0] >= _SURE:
        return best
    second = from_bytes(sample[:_OPINION_BYTES]).best()
    return (second.encoding if second is not None else "") or best or "latin-1"


def decodes(data: bytes, encoding: str) -> bool:
    """Return True if the codec reads every byte. Holds no second copy of a large file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _CHUNK):
            decoder.decode(data[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, UnicodeError):
        return False
    return True


def _telling_lines(data: bytes) -> Iterable[bytes]:
    """Yield the lines with bytes beyond ASCII, of the whole file: the first such line may be far down."""
    found = 0
    for line in data.splitlines():
        if not line.isascii():
            yield line[:2000]
            found += len(line)
        if found > _SAMPLE_BYTES:
            return


def _score(sample: bytes, encoding: str) -> tuple[float, int]:
    """Return (share of the letters beyond ASCII that one language explains, cells that are known header words)."""
    text = sample.decode(encoding, "replace")
    words = set(_WORD.findall(text))
    letters = [char for word in words for char in word if char > "\x7f" and char not in _PUNCTUATION]
    counts = [sum(char.lower() in alphabet for char in letters) for alphabet in _LETTERS[encoding]]
    shares = [n / len(letters) if letters else 1.0 for n in counts]
    # A capital beyond ASCII after a small letter, as where "zaúčtování" is read in the wrong code page.
    odd = sum(any(a.islower() and b.isupper() and b > "\x7f" for a, b in pairwise(word)) for word in words)
    cells = {cell.strip(" \"'\r") for cell in re.split(r"[;,|\t\n]", text[:8000])}
    known = sum(1 for cell in cells if not cell.isascii() and meaning(cell).weight == 1.0)
    share = max(shares, default=0.0) - odd / max(1, len(words)) + 0.25 * min(known, 2)
    return round(min(1.0, share), 2), known


def storable(text: str) -> str:
    """Return a text without NUL, and with U+FFFD for halves of characters. JSON and PDF may hold both, no database."""
    return text.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
