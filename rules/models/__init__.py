"""The tables of rules."""

from rules.models.proposals import PHRASE_LENGTH, Attention, Proposal, ProposalStatus
from rules.models.rules import RULE_FIELDS, TRIGGERS, Mode, Origin, Overwrite, Rule

__all__ = [
    "PHRASE_LENGTH",
    "RULE_FIELDS",
    "TRIGGERS",
    "Attention",
    "Mode",
    "Origin",
    "Overwrite",
    "Proposal",
    "ProposalStatus",
    "Rule",
]
