"""The tables of rules."""

from rules.models.rules import Mode, Origin, Overwrite, Rule

__all__ = ["Mode", "Origin", "Overwrite", "Rule"]
