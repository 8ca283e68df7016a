"""Tests of ids, and of tags, which are casefolded names."""

from collections.abc import Callable, Set

IdTest = Callable[[int | None], bool]
TagsTest = Callable[[Set[str]], bool]


def is_in(values: list[int]) -> IdTest:
    return frozenset(values).__contains__


def is_missing(_: None) -> IdTest:
    return lambda found: found is None


def has_any(values: list[str]) -> TagsTest:
    wanted = _names(values)
    return lambda tags: not wanted.isdisjoint(tags)


def has_all(values: list[str]) -> TagsTest:
    wanted = _names(values)
    return lambda tags: wanted <= tags


def has_none(values: list[str]) -> TagsTest:
    return _names(values).isdisjoint


def _names(values: list[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)
