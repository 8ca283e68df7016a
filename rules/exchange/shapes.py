"""Reads documents that anybody may have written: what is not of the shape expected is named by its place."""

from typing import Any

SHOWN = 60
#: Rules of one document, and conditions or actions of one of them.
MAX_RULES = 1000
MAX_PARTS = 200
TRUE = {"1", "true", "yes"}
FALSE = {"", "0", "false", "no"}


class Misshapen(Exception):
    """A part of a document is not what it should be; `place` is its path, such as `rules.3.actions`."""

    def __init__(self, place: str, detail: str) -> None:
        super().__init__(f"{place}: {detail}")
        self.place = place
        self.detail = detail


def read_object(value: Any, place: str) -> dict[str, Any]:
    """The value, which must be an object. Raises Misshapen."""
    if not isinstance(value, dict):
        raise Misshapen(place, "Expected an object.")
    return value


def read_list(value: Any, place: str, *, at_most: int | None = None) -> list[Any]:
    """The value, which must be a list; null is an empty one. Raises Misshapen."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Misshapen(place, "Expected a list.")
    if at_most is not None and len(value) > at_most:
        raise Misshapen(place, f"{len(value)} are too many; there can be {at_most}.")
    return value


def read_text(value: Any, place: str) -> str:
    """The value, which must be a string or a number; null is "". Raises Misshapen."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Misshapen(place, "Expected a string.")
    return str(value).strip()


def read_flag(value: Any, place: str, *, default: bool) -> bool:
    """A truth value, also as a table writes it: 1, "0", "true", "". Raises Misshapen."""
    if value is None:
        return default
    word = str(value).casefold()
    if isinstance(value, bool | int | str) and word in TRUE | FALSE:
        return word in TRUE
    raise Misshapen(place, "Expected true or false.")


def read_number(value: Any, place: str) -> int:
    """A whole number, also as digits in a string; null is 0. Raises Misshapen."""
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < SHOWN and _is_digits(value):
        return int(value)
    raise Misshapen(place, "Expected a whole number.")


def _is_digits(text: str) -> bool:
    digits = text.strip().removeprefix("-")
    return digits.isascii() and digits.isdigit()


def shorten(text: str, length: int = SHOWN) -> str:
    """At most so many characters, with an ellipsis where some are gone."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
