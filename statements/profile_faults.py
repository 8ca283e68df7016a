"""Faults of the keys that the profiles of several formats share, each with a sentence for the user."""

import codecs
from collections.abc import Collection
from typing import Any

from statements.delimited.dates import DateFormatError, date_parser
from statements.delimited.encoding import decodes, detect_encoding
from statements.delimited.words import is_currency_code
from statements.importer import Profile, ProfileError


def unknown_keys(profile: Profile, keys: Collection[str]) -> list[ProfileError]:
    """Return a fault for each key that the format does not have."""
    known = ", ".join(sorted(keys))
    return [
        ProfileError(str(key), "unknown_key", f"“{key}” is not known. The keys are: {known}.")
        for key in profile
        if key not in keys
    ]


def encoding_faults(profile: Profile, data: bytes) -> list[ProfileError]:
    """Return a fault if `encoding` is no codec, or none that reads the file."""
    encoding = profile.get("encoding")
    if not is_text_codec(encoding):
        detail = f"“{encoding}” is not an encoding. Try utf-8 or cp1252."
        return [ProfileError("encoding", "unknown_encoding", detail)]
    if not decodes(data, str(encoding)) and encoding != detect_encoding(data):
        return [ProfileError("encoding", "undecodable", f"The file is not in {encoding}. Try utf-8 or cp1252.")]
    return []


def is_text_codec(name: Any) -> bool:
    """Return True if Python knows the codec and it writes a line of a table; “base64” and “idna” do not."""
    if not isinstance(name, str) or name.startswith(("idna", "punycode")):
        return False
    try:
        return codecs.lookup(name).incrementaldecoder is not None and "a;1\n".encode(name).decode(name) == "a;1\n"
    except (LookupError, ValueError):
        return False


def format_faults(profile: Profile, name: str) -> list[ProfileError]:
    """Return a fault if `format` is not that of the file."""
    if profile.get("format", name) == name:
        return []
    return [ProfileError("format", "invalid", f"The format of this file is “{name}”. Leave it as it is.")]


def decimal_faults(profile: Profile) -> list[ProfileError]:
    if profile.get("decimal", ".") in (".", ","):
        return []
    return [ProfileError("decimal", "invalid", "The decimal separator must be “.” or “,”.")]


def boolean_faults(profile: Profile, keys: Collection[str]) -> list[ProfileError]:
    """Return a fault for each of the keys that is neither true nor false."""
    return [
        ProfileError(key, "invalid", f"“{key}” must be true or false.")
        for key in keys
        if not isinstance(profile.get(key, False), bool)
    ]


def currency_faults(profile: Profile) -> list[ProfileError]:
    """Return a fault if `currency_code` is neither empty nor a code of ISO 4217."""
    code = profile.get("currency_code")
    if not code or (isinstance(code, str) and is_currency_code(code)):
        return []
    return [ProfileError("currency_code", "unknown_currency", f"“{code}” is not an ISO 4217 code such as EUR.")]


def date_format_faults(profile: Profile) -> list[ProfileError]:
    """Return a fault if `date_format` is missing or cannot be used."""
    try:
        date_parser(profile.get("date_format"))
    except DateFormatError as error:
        return [ProfileError("date_format", "invalid", str(error))]
    except TypeError:
        detail = "The format of dates is missing. Write it as in %d.%m.%Y."
        return [ProfileError("date_format", "required", detail)]
    return []
