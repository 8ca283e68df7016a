"""Outlay's own file of rules, and packs: such a file with a name and a version, which can be brought up to date.

The checksum is over what matters: name, version and rules, as JSON with sorted keys and no spaces. It finds a file that
was damaged, or edited by somebody who did not mean to publish it; a file without one is fine.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.exchange.conversion import NAME_LENGTH, Body, Candidate, Conversion, Refusal
from rules.exchange.shapes import MAX_RULES, Misshapen, read_list, read_object, read_text

FORMAT = "outlay-rules"
FORMAT_VERSION = 1
VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}", re.ASCII)
KNOWN = ("format", "format_version", "name", "pack_version", "exported_at", "rules", "checksum")
#: What somebody who has a pack sets as they like it: none is an edit of the rule, and an update leaves all alone.
OWN_TO_TASTE = {"name", "is_active", "priority"}
CHANGED = "The checksum does not fit the content. Get the file anew, or take the checksum out if you edited it."


@dataclass(frozen=True, slots=True)
class Pack:
    """A named and versioned set of rules."""

    name: str
    version: str

    @property
    def order(self) -> tuple[int, ...]:
        """Compares versions: 1.10 comes after 1.9, and 1.0 is 1."""
        return version_order(self.version)


def version_order(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at its end; () for none."""
    numbers = [int(number) for number in version.split(".") if number]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def make_document(bodies: list[Body], *, pack: Pack | None, exported_at: str) -> dict[str, Any]:
    """The file of these rules, whose bodies have names where there are ids."""
    document: dict[str, Any] = {"format": FORMAT, "format_version": FORMAT_VERSION}
    document |= {"name": pack.name, "pack_version": pack.version} if pack else {}
    document |= {"exported_at": exported_at, "rules": bodies}
    return document | {"checksum": checksum_of(document)}


def checksum_of(document: Mapping[str, Any]) -> str:
    """`sha256:` and the digest of what matters in a document."""
    return _digest({key: document[key] for key in ("name", "pack_version", "rules") if key in document})


def fingerprint_of(fields: Mapping[str, Any]) -> str:
    """Of a rule as it is stored, equal until it is edited."""
    return _digest({key: value for key, value in fields.items() if key not in OWN_TO_TASTE})


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def is_own(document: Any) -> bool:
    """Whether a document says that it is Outlay's own."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def read_own(document: dict[str, Any]) -> tuple[Conversion, Pack | None]:
    """The rules of Outlay's own file, and which pack they are. Raises Misshapen."""
    _check_frame(document)
    conversion = Conversion()
    for index, body in enumerate(read_list(document.get("rules"), "rules", at_most=MAX_RULES)):
        if isinstance(body, dict):
            conversion.rules.append(Candidate(index, body))
        else:
            conversion.refused.append(Refusal.of(index, "", Misshapen(f"rules.{index}", "Expected an object.")))
    return conversion, _pack(document)


def _check_frame(document: dict[str, Any]) -> None:
    read_object(document, "file")
    if stray := sorted(set(document) - set(KNOWN)):
        raise Misshapen(stray[0], f"There is no such field; known are {', '.join(KNOWN)}.")
    version = document.get("format_version")
    if isinstance(version, bool) or version != FORMAT_VERSION:
        raise Misshapen("format_version", f"This server reads version {FORMAT_VERSION}; update it to read others.")
    if "rules" not in document:
        raise Misshapen("rules", "This field is required.")
    if "checksum" in document and document["checksum"] != checksum_of(document):
        raise Misshapen("checksum", CHANGED)


def _pack(document: dict[str, Any]) -> Pack | None:
    if document.get("pack_version") is None:
        return None
    name, version = read_text(document.get("name"), "name"), document["pack_version"]
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise Misshapen("name", f"A pack has a name of at most {NAME_LENGTH} characters that can be printed.")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise Misshapen("pack_version", "Write a version in numbers, such as 1.2.")
    return Pack(name, version)
