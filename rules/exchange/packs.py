"""Outlay's own file of rules, and packs: such a file with a name and a version, which can be updated.

The checksum covers name, version and rules, as JSON with sorted keys and no spaces. It detects damaged files and
accidental edits; it is optional.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from accounts.strict_serializer import MISSING
from rules.exchange.conversion import (
    MAX_RULES,
    NAME_LENGTH,
    Candidate,
    DocumentError,
    Pack,
    RuleConversion,
    read_list,
    read_object,
    read_text,
)
from rules.models import Rule

FORMAT = "outlay-rules"
FORMAT_VERSION = 1
VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}", re.ASCII)
KNOWN_FIELDS = ("format", "format_version", "name", "pack_version", "exported_at", "rules", "checksum")
#: Fields that users of a pack set as they like: a change is no edit of the rule, and updates keep them.
USER_FIELDS = {"name", "is_active", "priority"}


def version_order(version: str) -> tuple[int, ...]:
    """Return the numbers of a version without trailing zeros, for comparison; () for no version."""
    numbers = [int(number) for number in version.split(".") if number]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def checksum_of(document: Mapping[str, Any]) -> str:
    """Return `sha256:` and the digest of a document's name, version and rules."""
    return _digest({key: document[key] for key in ("name", "pack_version", "rules") if key in document})


def fingerprint_of(rule: Rule) -> str:
    """Return a digest of a stored rule that changes when its user edits it."""
    return _digest({key: value for key, value in rule.content.items() if key not in USER_FIELDS})


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def read_own(document: dict[str, Any]) -> RuleConversion:
    """Return the rules and the pack of Outlay's own file. Raises DocumentError."""
    if stray := sorted(set(document) - set(KNOWN_FIELDS)):
        raise DocumentError(stray[0], f"There is no such field; known are {', '.join(KNOWN_FIELDS)}.", "unknown")
    version = document.get("format_version")
    if isinstance(version, bool) or version != FORMAT_VERSION:
        raise DocumentError("format_version", f"This server reads version {FORMAT_VERSION}; update it to read others.")
    if "rules" not in document:
        raise DocumentError("rules", MISSING)
    if "checksum" in document and document["checksum"] != checksum_of(document):
        detail = (
            "The checksum does not fit the content. Download the file again, or remove the checksum if you edited it."
        )
        raise DocumentError("checksum", detail)
    conversion = RuleConversion(FORMAT)
    for index, body in enumerate(read_list(document["rules"], "rules", at_most=MAX_RULES)):
        try:
            conversion.rules.append(Candidate(index, read_object(body, f"rules.{index}")))
        except DocumentError as error:
            conversion.refuse(index, error)
    pack_version = document.get("pack_version")
    if pack_version is not None:
        name = read_text(document.get("name"), "name")
        if not name or len(name) > NAME_LENGTH or not name.isprintable():
            raise DocumentError("name", f"A pack has a name of at most {NAME_LENGTH} characters that can be printed.")
        if not isinstance(pack_version, str) or not VERSION.fullmatch(pack_version):
            raise DocumentError("pack_version", "Write a version in numbers, such as 1.2.")
        conversion.pack = Pack(name, pack_version)
    return conversion
