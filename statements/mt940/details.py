"""The text of a movement (:86:): names, accounts and purposes, in the structures of several countries."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from expenses.ledger.ibans import iban_in

#: SWIFT breaks lines after 65 characters, with or without the tag before the first.
_WIDTH = 65
_TAG_WIDTH = len(":86:")
#: German banks break purposes and names after 27 characters.
_PIECE = 27
_NOTHING = frozenset(("NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "KREF+", "EREF", "NONE", "N/A"))

#: A code of three digits or none, and the sign before the first subfield: “166?00”, “020~00”, “000>10”.
_GERMAN = re.compile(r"(?:[0-9]{3})?[ ]?([?~<>^|@#§&+])(?:0[0-9]|[123][0-9]|6[0-9])")
_SUBFIELD = r"(0[0-9]|1[0-9]|2[0-9]|3[0-9]|6[0-9]|7[01])"
_PURPOSE = (*(f"{n}" for n in range(20, 30)), *(f"{n}" for n in range(60, 66)))
_SEPA_KEYS = (
    "EREF|KREF|MREF|BREF|RREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|MDAT|SQTP|ORCR|ORMR|DDAT|TRID|RTRN"
)
_SEPA = re.compile(rf"({_SEPA_KEYS})(?:\+|:(?=\s))")
_SLASH_KEYS = (
    "TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|CNTP|ORDP|BENM|ULTC|ULTD|ULTB|ISDT|RTRN|PREF|PURP|ADDR|SVCL|INIT|ID|"
    "OCMT|CHGS|EXCH|NRTX|CREF|IREF|UREF|ACCW"
)
_SLASH = re.compile(rf"/({_SLASH_KEYS})/")
_DUTCH_KEYS = "IBAN|REK|PAS|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|BETALINGSKENM\\."
_DUTCH = re.compile(rf"\b({_DUTCH_KEYS}):\s")
_IBAN_AT = re.compile(r"\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b")


@dataclass(frozen=True, slots=True)
class Details:
    """Description, merchant and IBAN of a movement. Each is "" if the text does not say it."""

    description: str
    merchant: str = ""
    iban: str = ""


def details_of(lines: list[str]) -> Details:
    """Return the details of a field's lines. A text without a known structure is the description as it is."""
    raw = "".join(lines)
    if found := _GERMAN.match(raw.lstrip()):
        return _german(_unwrapped(lines, sign=found[1]), found[1])
    text = _unwrapped(lines)
    if text.startswith("/") and _SLASH.search(text):
        return _slashed(text)
    if len(_DUTCH.findall(text)) > 1:
        return _dutch(_split(text, _DUTCH))
    if _SEPA.search(text) and "+" in text:
        return _sepa(text, posting="", name="", iban="")
    return Details(_plain(text), "", _iban_within(text))


def _unwrapped(lines: list[str], *, sign: str = "") -> str:
    """Join lines as they were before they were broken: full lines directly, others with a blank.

    If a `sign` structures the text, lines are joined directly, but for one that lost the blank at its end.
    """
    joined: list[str] = []
    width = 0
    before = ""
    for number, line in enumerate(lines):
        if number:
            has_lost_blank = width == _WIDTH - 1 and sign not in before[-2:]
            is_cut = not has_lost_blank if sign else width >= _WIDTH
            joined.append("" if is_cut else " ")
        joined.append(line if sign or len(line) >= _WIDTH - _TAG_WIDTH else line.rstrip())
        before = line
        width = len(line) if number else max(len(line) + _TAG_WIDTH, _WIDTH if len(line) == _WIDTH else 0)
    return "".join(joined)


def _german(text: str, sign: str) -> Details:
    """Return the details of subfields such as ?20: ?00 posting text, ?2x and ?6x purpose, ?31 account, ?32 name."""
    parts = re.split(re.escape(sign) + _SUBFIELD, text)
    fields: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        fields[code] = fields[code] + value if code in fields else value
    purpose = _joined_pieces([fields[code] for code in _PURPOSE if code in fields])
    name = _plain(_joined_pieces([fields[code] for code in ("32", "33") if code in fields]))
    account = next((iban for code in ("31", "38") if (iban := iban_in(fields.get(code, "")))), "")
    return _sepa(purpose, posting=_plain(fields.get("00", "")), name=name, iban=account)


def _joined_pieces(pieces: list[str]) -> str:
    """Join pieces of a text that was cut after 27 characters; a shorter piece ended with a word."""
    return "".join(piece if len(piece) >= _PIECE else f"{piece} " for piece in pieces)


def _sepa(text: str, *, posting: str, name: str, iban: str) -> Details:
    """Return the details of a purpose with keys such as SVWZ+, which stands for the purpose itself."""
    values = _split(text, _SEPA)
    purpose = " ".join(filter(None, (values[""], values["SVWZ"])))
    others = [other for key in ("ABWA", "ABWE") if (other := _plain(values[key])) and other != name]
    description = _sentence(purpose, posting, *others)
    if not _sentence(purpose):
        description = _sentence(values["EREF"] or values["KREF"] or values["MREF"], posting, *others)
    return Details(description, name, iban or iban_in("".join(values["IBAN"].split())))


def _slashed(text: str) -> Details:
    """Return the details of keys between slashes, as in /IBAN/…/NAME/…/REMI/…, of Dutch banks.

    A text that has such keys but neither name nor purpose is the description as it is.
    """
    values = _split(text, _SLASH)
    side = values["CNTP"].split("/")  # account/BIC/name/city
    account = values["IBAN"].strip("/ ") or side[0]
    name = _plain(values["NAME"].strip("/ ")) or (_plain(side[2]) if len(side) > 2 else "")
    purpose = re.sub(r"^/?(?:USTD/+|STRD/(?:[A-Z]{3}/)?)", "", values["REMI"]).strip("/ ")
    if not purpose:
        purpose = values["EREF"].strip("/ ") or values["PREF"].strip("/ ")
    description = _sentence(values[""], purpose, values["TRTP"].strip("/ "))
    return Details(description or ("" if name else _plain(text)), name, iban_in("".join(account.split())))


def _dutch(values: Mapping[str, str]) -> Details:
    """Return the details of labels such as NAAM: and OMSCHRIJVING:."""
    purpose = values["OMSCHRIJVING"] or values["KENMERK"] or values["BETALINGSKENM."]
    account = next(iter((values["IBAN"] or values["REK"]).split()), "")
    return Details(_sentence(purpose, values[""]), _plain(values["NAAM"]), iban_in(account.strip("/")))


def _split(text: str, keys: re.Pattern[str]) -> defaultdict[str, str]:
    """Return the values by key; "" has the text before the first one. The first value of a key counts."""
    parts = keys.split(text)
    values: defaultdict[str, str] = defaultdict(str)
    values[""] = parts[0]
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        values[key] = values[key] or value
    return values


def _sentence(*texts: str) -> str:
    """Return the texts that say something, each once."""
    kept: list[str] = []
    for text in map(_plain, texts):
        if text and text.upper() not in _NOTHING and not any(text in other for other in kept):
            kept.append(text)
    return " ".join(kept)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _iban_within(text: str) -> str:
    """Return the one account number that stands in a free text, "" if there is none or several."""
    found = {iban for word in _IBAN_AT.findall(text) if (iban := iban_in(word))}
    return next(iter(found)) if len(found) == 1 else ""
