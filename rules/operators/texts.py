"""What a condition can ask of a text. Values and texts come casefolded unless the condition minds the case."""

from collections.abc import Callable

from rapidfuzz import fuzz

TextTest = Callable[[str], bool]


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
    """Whether the best fitting part of the text is at least `threshold` percent like the value.

    A text shorter than the value is compared as a whole: else any letter of the value would be wholly like it.
    """
    length = len(value)
    return lambda text: (
        fuzz.partial_ratio(value, text, score_cutoff=threshold) >= threshold
        if len(text) >= length
        else fuzz.ratio(value, text, score_cutoff=threshold) >= threshold
    )
