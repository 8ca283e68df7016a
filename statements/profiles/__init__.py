"""Shipped profiles: what a header alone does not say, for layouts that banks keep for years.

Each entry of the TOML files holds facts: the exact words of a header, and which date order or sign they mean. An entry
settles questions and signs; everything else is still read from the file.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from statements.importer import Reading


@dataclass(frozen=True, slots=True)
class ShippedProfile:
    """The layout of a bank's file; `profile` has the keys that its header does not tell."""

    name: str
    columns: tuple[str, ...]
    profile: Mapping[str, Any]


def shipped_profile(columns: Sequence[str]) -> ShippedProfile | None:
    """Return the shipped profile of a file with exactly these columns, whatever their case."""
    return _by_columns().get(_folded(columns))


def settle(reading: Reading, shipped: ShippedProfile) -> Reading:
    """Return the reading as the shipped profile completes it.

    A format of dates only answers a question that offers it: the file may have changed since.
    """
    answered = {
        question.attr
        for question in reading.questions
        if question.attr in shipped.profile and shipped.profile[question.attr] in question.alternatives
    }
    taken = {key: value for key, value in shipped.profile.items() if key in answered or key == "invert_sign"}
    questions = [question for question in reading.questions if question.attr not in taken]
    return replace(reading, profile={**reading.profile, **taken}, questions=questions)


@cache
def _by_columns() -> dict[tuple[str, ...], ShippedProfile]:
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["bank"]:
            shipped = ShippedProfile(entry["name"], tuple(entry["columns"]), entry["profile"])
            found[_folded(shipped.columns)] = shipped
    return found


def _folded(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(name.split()).casefold() for name in columns)
