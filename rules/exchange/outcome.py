"""What became of the rules of a document: the body of the answer."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from rules.exchange.conversion import LeftOut, Refusal
from rules.exchange.shapes import shorten

LENGTH = 100
KINDS = {"category": "categories", "account": "accounts", "tag": "tags"}


@dataclass(slots=True)
class Outcome:
    """`missing` are names that the ledger did not have, by kind; each once, in the spelling that came first."""

    created: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    missing: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def miss(self, names: Iterable[tuple[str, str]]) -> None:
        """Note names that the ledger does not have."""
        for kind, name in names:
            self.missing[kind].setdefault(name.casefold(), shorten(name, LENGTH))

    def body(self) -> dict[str, Any]:
        """As the API answers it."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": [asdict(refusal) for refusal in sorted(self.refused, key=lambda refusal: refusal.index)],
            "left_out": [asdict(part) for part in self.left_out],
            "missing": {plural: sorted(self.missing[kind].values()) for kind, plural in KINDS.items()},
        }
