"""Tests of texts. Values and texts come casefolded unless the condition is case-sensitive."""

from collections.abc import Callable

from rapidfuzz import fuzz

TextTest = Callable[[str], bool]
#: Parts of a text, each by its first character and the one after its last.
Places = list[tuple[int, int]]
#: Percent; texts that are so alike mean the same.
ALIKE = 85


def equals(value: str) -> TextTest:
    return lambda text: text == value


def contains(value: str) -> TextTest:
    return lambda text: value in text


def starts_with(value: str) -> TextTest:
    return lambda text: text.startswith(value)


def ends_with(value: str) -> TextTest:
    return lambda text: text.endswith(value)


def contains_any(values: list[str]) -> TextTest:
    wanted = tuple(values)
    return lambda text: any(value in text for value in wanted)


def contains_all(values: list[str]) -> TextTest:
    wanted = tuple(values)
    return lambda text: all(value in text for value in wanted)


def is_empty(_: None) -> TextTest:
    return lambda text: not text


def fuzzy(value: str, *, threshold: int) -> TextTest:
    """Return a test that the best part of the text is at least `threshold` percent like the value.

    A shorter text is compared as a whole; otherwise each letter of the value would match completely.
    """
    length = len(value)
    return lambda text: (
        fuzz.partial_ratio(value, text, score_cutoff=threshold) >= threshold
        if len(text) >= length
        else fuzz.ratio(value, text, score_cutoff=threshold) >= threshold
    )


def find_values(value: str | list[str], text: str) -> Places:
    """Return the first place of each value."""
    values = value if isinstance(value, list) else [value]
    return [(text.index(one), text.index(one) + len(one)) for one in values if one and one in text]


def find_start(value: str, text: str) -> Places:
    return [(0, len(value))] if value else []


def find_end(value: str, text: str) -> Places:
    return [(len(text) - len(value), len(text))] if value else []


def find_alike(value: str, text: str, *, threshold: int) -> Places:
    """Return the part of the text that is most like the value."""
    best = fuzz.partial_ratio_alignment(value, text) if len(text) >= len(value) else None
    return [(best.dest_start, best.dest_end)] if best is not None and best.dest_end > best.dest_start else []
